//! Wakes the agent when somebody changes the target directory. A signal only wakes: everything is read again.

use super::Layout;
use notify::event::{CreateKind, EventKind, ModifyKind};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};
use service::atomic;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, mpsc};

/// Writes come in bursts; what is quiet for this long is looked at.
const QUIET: Duration = Duration::from_millis(3);
/// A burst that does not end is looked at all the same.
const BURST: Duration = Duration::from_millis(50);
/// A new folder may have been filled before the system watched it; then it is looked at once more.
const AGAIN: Duration = Duration::from_millis(250);

/// The directory cannot be watched.
#[derive(Debug, thiserror::Error)]
#[error("{0} cannot be watched, so changes there are seen by the slow scan only; raise fs.inotify.max_user_watches")]
pub struct WatchError(std::path::PathBuf, #[source] notify::Error);

/// What an event asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Signal {
    Look,
    LookTwice,
}

/// Watches a target directory; to be kept as long as it shall be watched.
#[derive(Debug)]
pub struct Watch {
    watcher: RecommendedWatcher,
    signals: mpsc::Receiver<Signal>,
    layout: Layout,
}

impl Watch {
    /// Begins to watch: the directory with all folders in it, and the folder it stands in, so that one that is put in
    /// its place is seen.
    ///
    /// # Errors
    /// [`WatchError`] when the system refuses.
    pub fn start(layout: Layout) -> Result<Self, WatchError> {
        let (sender, signals) = mpsc::channel(64);
        let seen = layout.clone();
        let handler = move |event: notify::Result<Event>| {
            if let Some(signal) = judge(&seen, &event) {
                // A full channel wakes as well as one more signal would.
                let _ = sender.try_send(signal);
            }
        };
        let failed = |error| WatchError(layout.root().to_owned(), error);
        let mut watcher = notify::recommended_watcher(handler).map_err(failed)?;
        if let Some(parent) = layout.root().parent() {
            watcher.watch(parent, RecursiveMode::NonRecursive).map_err(failed)?;
        }
        watcher.watch(layout.root(), RecursiveMode::Recursive).map_err(failed)?;
        Ok(Self { watcher, signals, layout })
    }

    /// Wakes `wake` after each burst of changes, for ever.
    pub async fn run(mut self, wake: Arc<Notify>) {
        while let Some(mut signal) = self.signals.recv().await {
            let burst = tokio::time::sleep(BURST);
            tokio::pin!(burst);
            loop {
                tokio::select! {
                    more = self.signals.recv() => match more {
                        Some(Signal::LookTwice) => signal = Signal::LookTwice,
                        Some(Signal::Look) => {}
                        None => return,
                    },
                    () = tokio::time::sleep(QUIET) => break,
                    () = &mut burst => break,
                }
            }
            wake.notify_one();
            if signal == Signal::LookTwice {
                // The root itself may be a new one; watching it twice does no harm, and the slow scan backs it up.
                let _ = self.watcher.watch(self.layout.root(), RecursiveMode::Recursive);
                tokio::time::sleep(AGAIN).await;
                wake.notify_one();
            }
        }
    }
}

fn judge(layout: &Layout, event: &notify::Result<Event>) -> Option<Signal> {
    let Ok(event) = event else { return Some(Signal::LookTwice) };
    // Who may write into a folder may mend what was refused; what else is said of a file says nothing of its object.
    let folders = || event.paths.iter().all(|path| path.is_dir());
    match event.kind {
        EventKind::Access(_) => return None,
        EventKind::Modify(ModifyKind::Metadata(_)) if !folders() => return None,
        _ => {}
    }
    if !event.paths.is_empty() && !event.paths.iter().any(|path| concerns(layout, path)) {
        return None;
    }
    let folder = matches!(event.kind, EventKind::Create(CreateKind::Folder)) || event.need_rescan();
    let moved = event.paths.iter().any(|path| path.is_dir());
    Some(if folder || moved { Signal::LookTwice } else { Signal::Look })
}

/// What the agent itself writes beside objects does not concern it.
fn concerns(layout: &Layout, path: &Path) -> bool {
    let temporary = path.file_name().and_then(|name| name.to_str()).is_some_and(atomic::is_temporary);
    path.starts_with(layout.root()) && !path.starts_with(layout.status()) && !temporary
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn its_own_status_and_temporary_files_wake_nobody() {
        let layout = Layout::new("/t".into());
        let concerns = |path: &str| concerns(&layout, Path::new(path));
        assert!(concerns("/t/objects/shop/ConfigMap..a.yaml"));
        assert!(concerns("/t/cluster.yaml"));
        assert!(concerns("/t"));
        assert!(!concerns("/t/status/enforcement.yaml"));
        assert!(!concerns("/t/objects/shop/.writ-x1.tmp"));
        assert!(!concerns("/other/objects/shop/ConfigMap..a.yaml"));
    }

    #[tokio::test]
    async fn wakes_for_files_in_new_folders() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new(dir.path().canonicalize().unwrap());
        let wake = Arc::new(Notify::new());
        let watch = Watch::start(layout.clone()).unwrap();
        let mut tasks = tokio::task::JoinSet::new();
        tasks.spawn(watch.run(Arc::clone(&wake)));
        std::fs::create_dir_all(layout.objects().join("shop")).unwrap();
        let limit = Duration::from_secs(5);
        tokio::time::timeout(limit, wake.notified()).await.unwrap();
        std::fs::write(layout.objects().join("shop/ConfigMap..a.yaml"), "a").unwrap();
        tokio::time::timeout(limit, wake.notified()).await.unwrap();
    }

    #[tokio::test]
    async fn wakes_when_a_folder_can_be_written_again() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new(dir.path().canonicalize().unwrap());
        let folder = layout.objects().join("shop");
        std::fs::create_dir_all(&folder).unwrap();
        let wake = Arc::new(Notify::new());
        let watch = Watch::start(layout).unwrap();
        let mut tasks = tokio::task::JoinSet::new();
        tasks.spawn(watch.run(Arc::clone(&wake)));
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700)).unwrap();
        tokio::time::timeout(Duration::from_secs(5), wake.notified()).await.unwrap();
    }
}
