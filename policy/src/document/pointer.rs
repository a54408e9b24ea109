//! JSON pointers (RFC 6901): how the inside of a document is named between modules.

use std::borrow::Cow;

/// The segments of a pointer, unescaped.
pub fn segments(pointer: &str) -> impl Iterator<Item = Cow<'_, str>> {
    pointer.split('/').skip(1).map(unescape)
}

/// The pointer to `segment` below `pointer`.
#[must_use]
pub fn join(pointer: &str, segment: &str) -> String {
    let mut joined = String::with_capacity(pointer.len() + segment.len() + 1);
    joined.push_str(pointer);
    joined.push('/');
    joined.push_str(&segment.replace('~', "~0").replace('/', "~1"));
    joined
}

/// Whether `pointer` is `ancestor` or lies below it.
#[must_use]
pub fn at_or_below(pointer: &str, ancestor: &str) -> bool {
    pointer.strip_prefix(ancestor).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn unescape(segment: &str) -> Cow<'_, str> {
    if segment.contains('~') {
        Cow::Owned(segment.replace("~1", "/").replace("~0", "~"))
    } else {
        Cow::Borrowed(segment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_joins() {
        let pointer = join(&join("", "a/b~c"), "0");
        assert_eq!(pointer, "/a~1b~0c/0");
        assert_eq!(segments(&pointer).collect::<Vec<_>>(), ["a/b~c", "0"]);
        assert_eq!(segments("").count(), 0);
    }

    #[test]
    fn below_is_by_segment() {
        assert!(at_or_below("/a/b", "/a"));
        assert!(at_or_below("/a", "/a"));
        assert!(at_or_below("/a", ""));
        assert!(!at_or_below("/ab", "/a"));
    }
}
