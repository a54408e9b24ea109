//! One test per attack on a bundle (attacks.md, 9).

use super::dsse::{EnvelopeError, MAX_ENVELOPE};
use super::fixture::{BUNDLES, Keys, Parts, at, chain, objects, rule};
use super::head::{Head, PAYLOAD_TYPE};
use super::verify::{Bundle, MAX_CONTENTS, MAX_ENTRY, VerifyError, verify};
use crate::canonical;
use crate::digest::Digest;
use crate::mode::Mode;
use serde_json::json;

fn parts() -> Parts {
    let entry = |name| {
        let manifest = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "ops"}});
        rule(name, Mode::Enforce, None, objects(false, &[manifest]))
    };
    Parts::new(&[entry("one"), entry("two")])
}

fn take(parts: &Parts, watermark: Option<&Head>) -> Result<Bundle, VerifyError> {
    take_signed(parts, watermark, &parts.signed())
}

fn take_signed(parts: &Parts, watermark: Option<&Head>, head: &[u8]) -> Result<Bundle, VerifyError> {
    verify(&chain(1, &[BUNDLES]), &"eu-1".parse().unwrap(), watermark, head, &parts.contents, &parts.entries)
}

fn reason(result: Result<Bundle, VerifyError>) -> &'static str {
    result.map_or_else(|error| error.reason(), |_| "believed")
}

fn lines(parts: &Parts) -> Vec<super::contents::Line> {
    parts.bundle().contents().entries.clone()
}

#[test]
fn inv02_a_whole_bundle_is_believed() {
    let parts = parts();
    let bundle = take(&parts, Some(&parts.head)).unwrap();
    assert_eq!((bundle.head(), bundle.entries().len()), (&parts.head, 2));
}

#[test]
fn inv01_rollback() {
    let (parts, mut watermark) = (parts(), parts().head);
    watermark.sequence += 1;
    assert_eq!(reason(take(&parts, Some(&watermark))), "Rollback");
}

#[test]
fn inv01_equal_sequence_with_other_contents_is_equivocation() {
    let parts = parts();
    for change in [
        (|head| head.contents = Digest::of(b"other")) as fn(&mut Head),
        |head| head.revision.push('x'),
        |head| head.region_revision.push('x'),
        |head| head.cluster.mode = Mode::Audit,
    ] {
        let mut watermark = parts.head.clone();
        change(&mut watermark);
        watermark.issued_at = at(-1);
        assert_eq!(reason(take(&parts, Some(&watermark))), "Equivocation");
    }
}

#[test]
fn inv01_at_equal_sequence_the_later_wins() {
    let mut parts = parts();
    let watermark = parts.head.clone();
    parts.head.prune = Some(Digest::of(b"rows"));
    parts.head.hubs.clear();
    assert_eq!(reason(take(&parts, Some(&watermark))), "Superseded");
    parts.head.issued_at = at(2);
    assert_eq!(reason(take(&parts, Some(&watermark))), "believed");
}

#[test]
fn inv02_another_clusters_bundle() {
    let mut parts = parts();
    parts.head.cluster.name = "eu-2".parse().unwrap();
    assert_eq!(reason(take(&parts, None)), "Audience");
}

#[test]
fn inv02_mix_and_match() {
    let (mut parts, other) = (parts(), Parts::new(&[]));
    let head = parts.signed();
    parts.contents = other.contents;
    assert_eq!(reason(take_signed(&parts, None, &head)), "ContentsDigest");
}

#[test]
fn inv02_an_entry_under_another_name_or_with_other_bytes() {
    let mut swapped = lines(&parts());
    let second = swapped[1].clone();
    swapped[0].digest = second.digest;
    swapped[0].size = second.size;
    assert_eq!(reason(take(&parts().listing(swapped), None)), "EntryName");

    let mut altered = parts();
    for bytes in altered.entries.values_mut() {
        bytes[10] ^= 1;
    }
    assert_eq!(reason(take(&altered, None)), "EntryDigest");
    for bytes in altered.entries.values_mut() {
        bytes.pop();
    }
    assert_eq!(reason(take(&altered, None)), "EntrySize");
    altered.entries.clear();
    assert_eq!(reason(take(&altered, None)), "EntryMissing");
}

#[test]
fn inv02_names_twice_or_out_of_order() {
    let lines = lines(&parts());
    let twice = vec![lines[0].clone(), lines[0].clone()];
    assert_eq!(reason(take(&parts().listing(twice), None)), "Order");
    let reversed = lines.into_iter().rev().collect();
    assert_eq!(reason(take(&parts().listing(reversed), None)), "Order");
}

#[test]
fn inv02_signed_by_a_stranger_by_nobody_or_by_one_of_two() {
    let parts = parts();
    let payload = canonical::to_vec(&parts.head).unwrap();
    for by in [&[][..], &[3], &[1]] {
        let head = Keys.sign(PAYLOAD_TYPE, &payload, by).to_bytes();
        assert_eq!(reason(take_signed(&parts, None, &head)), "Signature", "{by:?}");
    }
    let twice = Keys.sign(PAYLOAD_TYPE, &payload, &[BUNDLES, BUNDLES]).to_bytes();
    let audience = "eu-1".parse().unwrap();
    for keys in [&[BUNDLES, 8][..], &[BUNDLES, BUNDLES]] {
        let result = verify(&chain(2, keys), &audience, None, &twice, &parts.contents, &parts.entries);
        assert!(matches!(result, Err(VerifyError::Envelope(EnvelopeError::Threshold { signed: 1, threshold: 2 }))));
    }
}

#[test]
fn inv02_another_payload_type() {
    let parts = parts();
    let payload = canonical::to_vec(&parts.head).unwrap();
    let head = Keys.sign(super::trust::PAYLOAD_TYPE, &payload, &[BUNDLES]).to_bytes();
    assert_eq!(reason(take_signed(&parts, None, &head)), "PayloadType");
}

#[test]
fn inv02_tampered_or_truncated() {
    let parts = parts();
    let head = parts.signed();
    for end in [0, 1, head.len() / 2, head.len() - 1] {
        assert_eq!(reason(take_signed(&parts, None, &head[..end])), "Malformed", "{end}");
    }
    let mut forged = parts.head.clone();
    forged.sequence += 1;
    let mut envelope = super::dsse::Envelope::parse(&head).unwrap();
    envelope.payload = super::dsse::Envelope::unsigned("", &canonical::to_vec(&forged).unwrap()).payload;
    assert_eq!(reason(take_signed(&parts, None, &envelope.to_bytes())), "Signature");
}

#[test]
fn inv02_oversized_is_refused_before_it_is_parsed() {
    let mut parts = parts();
    assert_eq!(reason(take_signed(&parts, None, &vec![b'x'; MAX_ENVELOPE + 1])), "Oversized");
    let signed = parts.signed();
    parts.contents = vec![b'x'; MAX_CONTENTS + 1];
    assert_eq!(reason(take_signed(&parts, None, &signed)), "Oversized");

    let mut large = lines(&self::parts());
    large[0].size = MAX_ENTRY as u64 + 1;
    assert_eq!(reason(take(&self::parts().listing(large), None)), "Oversized");

    let line = |number| super::contents::Line {
        name: format!("ConfigTemplate/e{number:03}").parse().unwrap(),
        digest: Digest::of(b""),
        size: MAX_ENTRY as u64,
    };
    assert_eq!(reason(take(&self::parts().listing((0..64).map(line).collect()), None)), "Oversized");
}
