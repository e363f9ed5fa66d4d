//! What the service manager is told: that the server is ready, that it stops, and, where it asks for it, that it is still alive.
//! Started by hand there is nobody to tell, and nothing happens.

use std::future::Future;

use antrean_app::App;
use antrean_app::pulse::Readiness;
use sd_notify::NotifyState;

fn tell(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "the service manager cannot be told anything");
    }
}

/// The server takes requests.
pub fn ready() {
    tell(NotifyState::Ready);
}

/// The server takes no more requests, and finishes what it has.
pub fn stopping() {
    tell(NotifyState::Stopping);
}

/// Tells the watchdog that the server is alive, as long as its threads turn and its store answers in whatever way. A full disk is no
/// reason to be killed: a server that comes back finds it just as full.
pub async fn watch(app: App, stop: impl Future<Output = ()> + Send) {
    let Some(within) = sd_notify::watchdog_enabled() else { return stop.await };
    let mut stop = std::pin::pin!(stop);
    loop {
        if let Readiness::NotReady { why, .. } = app.readiness().await {
            tracing::warn!(why, "not ready");
        }
        tell(NotifyState::Watchdog);
        tokio::select! {
            // Twice within the time: one may come late.
            () = tokio::time::sleep(within / 2) => {}
            () = &mut stop => return,
        }
    }
}
