//! Ends of tasks, and what each comes to.

use super::{Cause, Context, Fatal, Policy, Supervisor, Task};
use crate::backoff::Backoff;
use crate::clock::SystemClock;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

const DEADLINE: Duration = Duration::from_secs(5);

fn supervisor() -> Supervisor {
    Supervisor::new(Arc::new(SystemClock::new()))
}

async fn until_told(context: Context) -> Result<(), std::io::Error> {
    context.shutdown.cancelled().await;
    Ok(())
}

#[tokio::test]
async fn a_failed_task_stops_all_and_is_the_answer() {
    let mut supervisor = supervisor();
    supervisor.start_once(Task::new("waits", Policy::Fatal), until_told);
    supervisor.start_once(Task::new("fails", Policy::Fatal), async |_| Err(std::io::Error::other("no store")));
    let fatal = supervisor.run(DEADLINE).await.unwrap_err();
    assert_eq!(crate::exit::chain(&fatal), "task `fails` failed: no store");
}

#[tokio::test]
async fn a_panic_is_fatal_and_told() {
    let mut supervisor = supervisor();
    supervisor.start_once::<_, _, std::io::Error>(Task::new("breaks", Policy::MayFinish), async |_| panic!("odd"));
    let fatal = supervisor.run(DEADLINE).await.unwrap_err();
    assert!(matches!(fatal, Fatal::Task("breaks", Cause::Panicked(ref message)) if message == "odd"), "{fatal}");
}

#[tokio::test]
async fn returning_early_is_fatal_only_where_the_rule_says_so() {
    let mut finishing = supervisor();
    finishing.start_once::<_, _, std::io::Error>(Task::new("scan", Policy::MayFinish), async |_| Ok(()));
    finishing.run(DEADLINE).await.unwrap();

    let mut serving = supervisor();
    serving.start_once::<_, _, std::io::Error>(Task::new("serve", Policy::Fatal), async |_| Ok(()));
    assert!(matches!(serving.run(DEADLINE).await, Err(Fatal::Task("serve", Cause::Returned))));
}

#[tokio::test]
async fn a_restarted_task_is_started_until_it_works() {
    let (mut supervisor, starts) = (supervisor(), Arc::new(AtomicU32::new(0)));
    let (shutdown, counted) = (supervisor.shutdown(), starts.clone());
    let policy = Policy::Restart(Backoff::new(Duration::from_millis(1), Duration::from_millis(4)));
    supervisor.start(Task::new("follow", policy), move |_| {
        let (nth, shutdown) = (counted.fetch_add(1, Ordering::Relaxed), shutdown.clone());
        async move {
            match nth {
                0 => Err(std::io::Error::other("cut off")),
                1 => panic!("odd"),
                _ => {
                    shutdown.cancel();
                    Ok(())
                }
            }
        }
    });
    supervisor.run(DEADLINE).await.unwrap();
    assert_eq!(starts.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn a_task_that_does_not_stop_is_named_and_cut_off() {
    let mut supervisor = supervisor();
    supervisor.start_once(Task::new("stuck", Policy::Fatal), async |_| {
        std::future::pending::<Result<(), std::io::Error>>().await
    });
    supervisor.shutdown().cancel();
    let fatal = supervisor.run(Duration::from_millis(10)).await.unwrap_err();
    assert_eq!(fatal.to_string(), "did not stop in time: stuck");
}

#[tokio::test]
async fn a_task_without_a_limit_may_be_silent() {
    let mut supervisor = supervisor();
    let health = supervisor.health();
    supervisor.start_once(Task::new("waits", Policy::Fatal), until_told);
    supervisor.start_once(Task::new("silent", Policy::Fatal).beats_within(Duration::ZERO), until_told);
    tokio::time::timeout(DEADLINE, async {
        while health.stalled().is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await
    .unwrap();
    assert_eq!(health.stalled().iter().map(|stalled| stalled.name).collect::<Vec<_>>(), ["silent"]);
    supervisor.shutdown().cancel();
    supervisor.run(DEADLINE).await.unwrap();
    assert!(health.stalled().is_empty());
}
