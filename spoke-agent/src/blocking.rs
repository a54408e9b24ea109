//! Work that blocks, beside the tasks that wait for it.

use tokio::task::JoinError;

/// Does `work` on a thread that may block.
pub async fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    done(tokio::task::spawn_blocking(work).await).await
}

/// What the work came to. Its panic is ours; work that was cancelled was so because the runtime stops, and whoever waits
/// for it is dropped with it.
async fn done<T>(work: Result<T, JoinError>) -> T {
    match work.map_err(JoinError::try_into_panic) {
        Ok(done) => done,
        Err(Ok(panic)) => std::panic::resume_unwind(panic),
        Err(Err(_cancelled)) => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test]
    async fn cancelled_work_is_no_panic() {
        let mut tasks = tokio::task::JoinSet::new();
        tasks.spawn(std::future::pending::<()>());
        tasks.abort_all();
        let cancelled = tasks.join_next().await.unwrap();
        assert!(tokio::time::timeout(Duration::from_millis(50), done(cancelled)).await.is_err());
    }

    #[tokio::test]
    #[should_panic(expected = "of the work")]
    async fn a_panic_is_passed_on() {
        run(|| panic!("of the work")).await;
    }
}
