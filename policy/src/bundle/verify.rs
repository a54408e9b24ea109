//! The only maker of a [`Bundle`].
