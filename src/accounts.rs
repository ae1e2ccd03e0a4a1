//! `switchboard user` and `switchboard audit`: users and the audit by hand, also while no server runs.
use crate::api::wire::AuditRow;
use crate::config::Config;
use crate::security::{
    Access, AccessPlan, Action, Audit, Invitation, NewUser, Principal, Role, Secret, SessionLimits, UserChange,
    UserIdentity,
};
use crate::{console, store};
use anyhow::{Context, bail};
use serde_json::json;
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct UserArgs {
    #[command(subcommand)]
    command: UserCommand,
    #[arg(long, global = true, env = "SWITCHBOARD_CONFIG", default_value = "configs/server.toml")]
    config: PathBuf,
}

#[derive(clap::Subcommand)]
enum UserCommand {
    /// Make a user. The password is asked for, or read from a file.
    Add {
        name: String,
        #[command(flatten)]
        rights: UserRights,
        #[command(flatten)]
        password: PasswordSource,
        /// The user signs in by the provider that oidc.issuer names, which calls them by this name; there is no password.
        #[arg(long, conflicts_with = "password_file")]
        provider: bool,
    },
    /// Set another password; the user is signed out everywhere.
    Password {
        name: String,
        #[command(flatten)]
        password: PasswordSource,
    },
    /// Remove a user, with sessions and tokens.
    Remove { name: String },
    /// List the users.
    List,
}

#[derive(clap::Args)]
struct UserRights {
    /// viewer, agent, supervisor or admin.
    #[arg(long, value_parser = role)]
    role: Role,
    /// Only calls of this bot; may be given several times. Not given: calls of all bots.
    #[arg(long = "bot")]
    bots: Vec<String>,
}

#[derive(clap::Args)]
struct PasswordSource {
    /// The file whose first line is the password.
    #[arg(long)]
    password_file: Option<PathBuf>,
}

fn role(name: &str) -> Result<Role, String> {
    Role::of(name).ok_or_else(|| "viewer, agent, supervisor or admin".into())
}

#[derive(clap::Args)]
pub struct AuditArgs {
    #[command(subcommand)]
    command: AuditCommand,
    #[arg(long, global = true, env = "SWITCHBOARD_CONFIG", default_value = "configs/server.toml")]
    config: PathBuf,
}

#[derive(clap::Subcommand)]
enum AuditCommand {
    /// Say whether the audit is as it was written, and if not, which records are not.
    Verify {
        /// A record that was noted earlier, as NUMBER:HASH: it must still be there. The log has one of each start, hour and stop. May be
        /// given several times.
        #[arg(long = "head", alias = "known", value_parser = head)]
        heads: Vec<(i64, String)>,
    },
    /// Write the audit into a file, one JSON object per line.
    Export {
        /// The file to make; one that is there is left alone.
        file: PathBuf,
    },
}

fn head(text: &str) -> Result<(i64, String), String> {
    let wrong = || "NUMBER:HASH, as the log has it: 812 and 64 hexadecimal digits".to_owned();
    let (seq, hash) = text.split_once(':').ok_or_else(wrong)?;
    let whole = hash.len() == 64 && hash.bytes().all(|digit| digit.is_ascii_hexdigit());
    match seq.parse() {
        Ok(seq) if whole => Ok((seq, hash.to_ascii_lowercase())),
        _ => Err(wrong()),
    }
}

pub async fn user(args: UserArgs) -> anyhow::Result<ExitCode> {
    let config = Config::load(Some(&args.config))?;
    // These commands sign nobody in, and read no token.
    let sessions = SessionLimits { idle: config.http.session_idle_s.into(), longest: config.http.session_max_s.into() };
    let pool = store::access(&config.store.dir).await?;
    let access = Access::new(pool.clone(), AccessPlan { token: Secret::new(""), sessions });
    let by = Principal::command();
    match args.command {
        UserCommand::Add { name, rights: UserRights { role, bots }, provider: true, .. } => {
            check_bots(&config, &bots)?;
            let issuer = config.oidc.issuer.as_deref();
            let issuer = issuer.context("oidc.issuer is not set: there is no provider by which users could sign in")?;
            let bots = Some(bots).filter(|bots| !bots.is_empty());
            let user = access.invite(&by, Invitation { name: &name, issuer, role, bots }).await?;
            console::say(format_args!("{} may sign in by {} now ({role})", user.name, config.oidc.name))?;
        }
        UserCommand::Add { name, rights: UserRights { role, bots }, password, provider: false } => {
            check_bots(&config, &bots)?;
            let password = password.read()?;
            let bots = Some(bots).filter(|bots| !bots.is_empty());
            let user = access.add_user(&by, NewUser { name: &name, password: &password, role, bots }).await?;
            console::say(format_args!("{} is a user now ({role})", user.name))?;
        }
        UserCommand::Password { name, password } => {
            let password = password.read()?;
            let change = UserChange { password: Some(&password), ..UserChange::default() };
            access.change_user(&by, &name, change).await?;
            console::say(format_args!("the password of {name} is another one now"))?;
        }
        UserCommand::Remove { name } => {
            access.remove_user(&by, &name).await?;
            console::say(format_args!("{name} is no user any more"))?;
        }
        UserCommand::List => {
            for user in access.users().await? {
                let bots = user.bots.map_or("all bots".into(), |bots| bots.join(" "));
                let disabled = if user.disabled { "   disabled" } else { "" };
                let by = match &user.identity {
                    None => String::new(),
                    Some(UserIdentity { issuer, subject: Some(_) }) => format!("   by {issuer}"),
                    Some(UserIdentity { issuer, subject: None }) => format!("   by {issuer}, not signed in yet"),
                };
                console::say(format_args!("{:<24} {:<10}   {bots}{disabled}{by}", user.name, user.role.name()))?;
            }
        }
    }
    pool.close().await;
    Ok(ExitCode::SUCCESS)
}

impl PasswordSource {
    /// Never from the command line, where every user of the machine could read it.
    fn read(&self) -> anyhow::Result<String> {
        if let Some(file) = &self.password_file {
            let opened = std::fs::File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
            let mut line = String::new();
            BufReader::new(opened).read_line(&mut line).with_context(|| format!("cannot read {}", file.display()))?;
            return Ok(line.trim_end_matches(['\r', '\n']).to_owned());
        }
        let ask = |prompt| {
            rpassword::prompt_password(prompt)
                .context("no terminal to ask for the password: give its file by --password-file")
        };
        let password = ask("password (at least 12 characters): ")?;
        crate::security::composed(&password)?;
        if ask("again: ")? != password {
            bail!("the two are not the same: nothing was changed");
        }
        Ok(password)
    }
}

/// A bot that there is not is a name that was mistyped.
fn check_bots(config: &Config, bots: &[String]) -> anyhow::Result<()> {
    let dir = &config.bots.dir;
    match bots.iter().find(|bot| !dir.join(format!("{bot}.toml")).is_file()) {
        Some(bot) => bail!("there is no {bot}.toml in {}", dir.display()),
        None => Ok(()),
    }
}

pub async fn audit(args: AuditArgs) -> anyhow::Result<ExitCode> {
    let config = Config::load(Some(&args.config))?;
    let pool = store::access(&config.store.dir).await?;
    let audit = Audit::new(pool.clone());
    let done = match args.command {
        AuditCommand::Verify { heads } => verify(&audit, &heads).await?,
        AuditCommand::Export { file } => export(&audit, &file).await?,
    };
    pool.close().await;
    Ok(done)
}

async fn verify(audit: &Audit, heads: &[(i64, String)]) -> anyhow::Result<ExitCode> {
    let verdict = audit.verify(heads).await?;
    for flaw in &verdict.flaws {
        console::say(format_args!("{flaw}"))?;
    }
    let good = verdict.flaws.is_empty();
    let last = verdict.head.map_or_else(|| "none".into(), |(seq, hash)| format!("{seq}:{hash}"));
    let words = if good { "as they were written" } else { "not as they were written" };
    console::say(format_args!("{} records, {words}; the last: {last}", verdict.records))?;
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn export(audit: &Audit, file: &Path) -> anyhow::Result<ExitCode> {
    let until = audit.head().await?.map_or(0, |(seq, _)| seq);
    audit.require(&Principal::command(), Action::AuditExported, None, json!({"until": until})).await?;
    let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    let mut out = BufWriter::new(opened.with_context(|| format!("cannot make {}", file.display()))?);
    let (mut after, mut count) = (i64::MIN, 0);
    loop {
        let records = audit.after(after).await?;
        let Some(last) = records.last() else { break };
        after = last.seq;
        count += records.len();
        for record in records {
            serde_json::to_writer(&mut out, &AuditRow::from(record))?;
            out.write_all(b"\n")?;
        }
    }
    out.into_inner().map_err(|why| why.into_error())?.sync_all()?;
    console::say(format_args!("{count} records are in {}", file.display()))?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Args;

    #[test]
    fn the_arguments_of_each_command_are_sound() {
        UserArgs::augment_args(clap::Command::new("user")).debug_assert();
        AuditArgs::augment_args(clap::Command::new("audit")).debug_assert();
    }

    #[test]
    fn a_noted_end_is_a_number_and_a_hash() {
        let hash = "5F".repeat(32);
        assert_eq!(head(&format!("812:{hash}")), Ok((812, hash.to_ascii_lowercase())));
        for wrong in ["812", "812:", "x:y", &format!(":{hash}"), &format!("812:{hash}0"), &"812:zz".repeat(16)] {
            assert!(head(wrong).is_err(), "{wrong}");
        }
    }
}
