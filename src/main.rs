//! The command line. Everything it does is a call into the library.
use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;
use switchboard::config::Config;
use switchboard::server::{self, Reach};
use switchboard::{accounts, chat, console, doctor, models, recordings, rehearse};

/// A call is some thousand small allocations, made on one thread and freed on another: a third less of a call's CPU than the
/// system's allocator takes (docs/adr/0013).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A voice-bot server: it answers phone calls with a bot that listens, understands, speaks, and yields when you speak.
///
/// Try it: `switchboard serve` in one terminal, `switchboard call sip:booking@127.0.0.1:5060 --say "book a room"` in another.
#[derive(Parser)]
#[command(version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start the server and run until SIGTERM or Ctrl-C (which let live calls finish first).
    Serve {
        /// The configuration; every key has a default, see configs/server.toml.
        #[arg(long, env = "SWITCHBOARD_CONFIG", default_value = "configs/server.toml")]
        config: PathBuf,
        /// Bind to and advertise this machine's network address instead of loopback, and say what is open.
        #[arg(long)]
        lan: bool,
    },
    /// Look at configuration, engines, models, ports and priorities, and say what to do about what is missing.
    Check {
        #[arg(long, env = "SWITCHBOARD_CONFIG", default_value = "configs/server.toml")]
        config: PathBuf,
    },
    /// Hold the bot's conversation as a text chat in this terminal.
    Talk {
        /// The bot's file, for example configs/bots/booking.en.toml.
        #[arg(long)]
        bot: PathBuf,
        /// The configuration: whom its tools may ask, and its language models.
        #[arg(long, env = "SWITCHBOARD_CONFIG", default_value = "configs/server.toml")]
        config: PathBuf,
    },
    /// Call a SIP address, or a bot as a browser does, with the built-in softphone, hold a conversation by voice, and report how fast it answered.
    Call(Box<softphone::Args>),
    /// Rehearse bots: scripted callers by text, with what is expected of the bot, and a report. Or do a recorded call again.
    Rehearse(Box<rehearse::Args>),
    /// List the speech models that can be had, fetch them, and check one's file.
    Models(models::Args),
    /// Take recordings out of the store, decrypted.
    Recordings(recordings::Args),
    /// Make, change and list those who may sign in to the console.
    User(accounts::UserArgs),
    /// Verify the audit (who listened, read, changed what), or write it into a file.
    Audit(accounts::AuditArgs),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(why) => {
            console::warn(format_args!("switchboard: cannot start threads: {why}"));
            return ExitCode::FAILURE;
        }
    };
    let done = runtime.block_on(async {
        match cli.command {
            Command::Serve { config, lan } => {
                let reach = if lan { Reach::Lan } else { Reach::AsConfigured };
                server::run(Config::load(Some(&config))?, reach).await.map(|()| ExitCode::SUCCESS)
            }
            Command::Check { config } => doctor::run(&config),
            Command::Talk { bot, config } => chat::open(&bot, &config).await.map(|()| ExitCode::SUCCESS),
            Command::Call(args) => softphone::run(*args, console::print).await,
            Command::Rehearse(args) => rehearse::run(*args).await,
            Command::Models(args) => models::run(args).await,
            Command::Recordings(args) => recordings::run(args).await,
            Command::User(args) => accounts::user(args).await,
            Command::Audit(args) => accounts::audit(args).await,
        }
    });
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    done.unwrap_or_else(|why| {
        if why.is::<console::Unread>() {
            return ExitCode::from(console::UNREAD);
        }
        console::warn(format_args!("switchboard: {why:#}"));
        ExitCode::FAILURE
    })
}
