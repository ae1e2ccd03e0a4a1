//! `Connection`: the WebSocket of somebody who watches. It ends when they leave, do not answer, or may not watch any more.
use crate::security::{Access, Principal};
use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use futures::FutureExt;
use futures::future::{BoxFuture, Fuse};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, timeout};

/// Between pings; a watcher that has answered none of two is gone.
const PING: Duration = Duration::from_secs(20);
/// The longest a message may take to leave.
const PATIENCE: Duration = Duration::from_secs(10);

/// The watcher left, does not answer, or was sent away.
pub(super) struct Gone;

pub(super) struct Connection {
    socket: WebSocket,
    ping: Interval,
    unanswered: u32,
    /// Is done when they are signed out, or have other rights.
    over: Fuse<BoxFuture<'static, ()>>,
    is_over: bool,
}

impl Connection {
    pub(super) fn new(socket: WebSocket, access: Arc<Access>, principal: Principal) -> Self {
        let mut ping = interval_at(Instant::now() + PING, PING);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let over: BoxFuture<'static, ()> = Box::pin(async move { access.until_changed(&principal).await });
        Self { socket, ping, unanswered: 0, over: over.fuse(), is_over: false }
    }

    pub(super) async fn tell(&mut self, message: &impl serde::Serialize) -> Result<(), Gone> {
        let text = serde_json::to_string(message).unwrap_or_default();
        self.send(Message::Text(text.into())).await
    }

    pub(super) async fn close(&mut self) -> Result<(), Gone> {
        self.send(Message::Close(None)).await
    }

    async fn send(&mut self, message: Message) -> Result<(), Gone> {
        timeout(PATIENCE, self.socket.send(message)).await.map_err(|_| Gone)?.map_err(|_| Gone)
    }

    /// Returns from time to time while the watcher stays.
    pub(super) async fn stays(&mut self) -> Result<(), Gone> {
        // The farewell before may not have left: whoever waits here may stop waiting at any time.
        if self.is_over {
            return Err(Gone);
        }
        tokio::select! {
            () = &mut self.over => {
                self.is_over = true;
                let reason = "signed out, or of other rights now".into();
                self.send(Message::Close(Some(CloseFrame { code: close_code::POLICY, reason }))).await?;
                Err(Gone)
            }
            _ = self.ping.tick() => {
                if self.unanswered == 2 {
                    return Err(Gone);
                }
                self.unanswered += 1;
                self.send(Message::Ping(Default::default())).await
            }
            message = self.socket.recv() => match message {
                // Any message shows that the watcher is connected; none has another meaning.
                Some(Ok(_)) => {
                    self.unanswered = 0;
                    Ok(())
                }
                Some(Err(_)) | None => Err(Gone),
            },
        }
    }
}
