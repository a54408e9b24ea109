//! Callers that have shown no certificate: handshakes under way, and sessions that may only enroll.
//!
//! There is always a seat for one more, so nobody can keep a member from its handshake by filling them: the oldest
//! caller of the address that has the most makes way, and of an address that has its share its own oldest. An honest caller is done in a few round trips.

use super::addresses::subscriber;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio_util::sync::CancellationToken;

/// The strangers at one listener.
#[derive(Debug)]
pub(super) struct Strangers {
    most: usize,
    per_address: usize,
    inside: Mutex<Inside>,
}

#[derive(Debug, Default)]
struct Inside {
    next: u64,
    count: usize,
    /// Those of each address, in the order in which they came.
    by_address: HashMap<IpAddr, BTreeMap<u64, CancellationToken>>,
}

/// One stranger's seat, until it is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    strangers: Arc<Strangers>,
    of: IpAddr,
    number: u64,
    makes_way: CancellationToken,
}

impl Strangers {
    pub(super) fn new(most: usize, per_address: usize) -> Arc<Self> {
        Arc::new(Self { most, per_address, inside: Mutex::default() })
    }

    /// A seat for a caller. Where all were taken, somebody has been told to make way.
    pub(super) fn seat(self: &Arc<Self>, address: IpAddr) -> Seat {
        let (of, makes_way) = (subscriber(address), CancellationToken::new());
        let mut inside = self.lock();
        while inside.has(of) > 0 && inside.has(of) >= self.per_address {
            inside.oldest_makes_way(of);
        }
        while inside.count > 0 && inside.count >= self.most {
            inside.make_way();
        }
        let number = inside.next;
        inside.next += 1;
        inside.count += 1;
        inside.by_address.entry(of).or_default().insert(number, makes_way.clone());
        drop(inside);
        Seat { strangers: Arc::clone(self), of, number, makes_way }
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        // Nothing panics while it holds the lock, so a poisoned map is whole.
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inside {
    fn has(&self, of: IpAddr) -> usize {
        self.by_address.get(&of).map_or(0, BTreeMap::len)
    }

    fn make_way(&mut self) {
        let crowd = |callers: &BTreeMap<u64, _>| (callers.len(), callers.keys().next().copied().map(Reverse));
        let most = self.by_address.iter().max_by_key(|(_, callers)| crowd(callers));
        if let Some(of) = most.map(|(of, _)| *of) {
            self.oldest_makes_way(of);
        }
    }

    fn oldest_makes_way(&mut self, of: IpAddr) {
        let oldest = self.by_address.get(&of).and_then(|callers| callers.keys().next().copied());
        if let Some(caller) = oldest.and_then(|number| self.take_out(of, number)) {
            caller.cancel();
        }
    }

    fn take_out(&mut self, of: IpAddr, number: u64) -> Option<CancellationToken> {
        let callers = self.by_address.get_mut(&of)?;
        let caller = callers.remove(&number)?;
        self.count -= 1;
        if callers.is_empty() {
            self.by_address.remove(&of);
        }
        Some(caller)
    }
}

impl Seat {
    /// Cancelled when this caller makes way for another.
    pub(super) const fn makes_way(&self) -> &CancellationToken {
        &self.makes_way
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        // One that made way has been taken out already.
        drop(self.strangers.lock().take_out(self.of, self.number));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    fn made_way(seats: &[Seat]) -> Vec<bool> {
        seats.iter().map(|seat| seat.makes_way().is_cancelled()).collect()
    }

    #[test]
    fn the_oldest_of_the_address_that_has_the_most_makes_way() {
        let strangers = Strangers::new(4, 4);
        let mut seats: Vec<Seat> = [1, 2, 2, 3].map(|last| strangers.seat(address(last))).into();
        assert_eq!(made_way(&seats), [false; 4]);
        seats.push(strangers.seat(address(4)));
        assert_eq!(made_way(&seats), [false, true, false, false, false]);
        seats.push(strangers.seat(address(5)));
        assert_eq!(made_way(&seats), [true, true, false, false, false, false], "the oldest, where all have one");
    }

    #[test]
    fn one_address_can_only_drive_out_itself() {
        let strangers = Strangers::new(3, 3);
        let alone = strangers.seat(address(1));
        let crowd: Vec<Seat> = (0..50).map(|_| strangers.seat(address(2))).collect();
        assert!(!alone.makes_way().is_cancelled());
        assert_eq!(made_way(&crowd).iter().filter(|gone| !**gone).count(), 2);
    }

    #[test]
    fn an_address_that_has_its_share_makes_way_for_itself() {
        let strangers = Strangers::new(9, 2);
        let seats: Vec<Seat> = [1, 2, 1, 1].map(|last| strangers.seat(address(last))).into();
        assert_eq!(made_way(&seats), [true, false, false, false]);
    }

    #[test]
    fn a_seat_is_given_back_once() {
        let strangers = Strangers::new(1, 1);
        let first = strangers.seat(address(1));
        let second = strangers.seat(address(1));
        drop(first);
        assert_eq!(strangers.lock().count, 1);
        drop(second);
        let inside = strangers.lock();
        assert_eq!((inside.count, inside.by_address.len()), (0, 0));
    }
}
