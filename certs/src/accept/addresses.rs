//! How many sessions of members come from one address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Counts by address.
#[derive(Debug)]
pub(super) struct Addresses {
    most: usize,
    counts: Mutex<HashMap<IpAddr, usize>>,
}

/// One place taken by an address, until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    addresses: Arc<Addresses>,
    of: IpAddr,
}

impl Addresses {
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, counts: Mutex::default() })
    }

    pub(super) fn take(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let of = subscriber(address);
        let mut counts = self.lock();
        let count = counts.entry(of).or_insert(0);
        if *count >= self.most {
            return None;
        }
        *count += 1;
        drop(counts);
        Some(Place { addresses: Arc::clone(self), of })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        // Nothing panics while it holds the lock, so a poisoned map is whole.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.addresses.lock();
        if let Some(count) = counts.get_mut(&self.of) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.of);
            }
        }
    }
}

/// One subscriber has a whole /64 of IPv6 to call from.
pub(super) fn subscriber(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (!0 << 64))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_by_address_and_given_back() {
        let addresses = Addresses::new(2);
        let here = "192.0.2.1".parse().unwrap();
        let first = addresses.take(here).unwrap();
        let _second = addresses.take("::ffff:192.0.2.1".parse().unwrap()).unwrap();
        assert!(addresses.take(here).is_none());
        assert!(addresses.take("192.0.2.2".parse().unwrap()).is_some());
        drop(first);
        assert!(addresses.take(here).is_some());
    }

    #[test]
    fn a_64_counts_as_one() {
        let addresses = Addresses::new(1);
        let _place = addresses.take("2001:db8::1".parse().unwrap()).unwrap();
        assert!(addresses.take("2001:db8::2:1".parse().unwrap()).is_none());
        assert!(addresses.take("2001:db8:0:1::1".parse().unwrap()).is_some());
    }
}
