//! Selectors, ranges of addresses and ports, wherever they stand.

use super::super::spec::{Described, Port};
use crate::cidr::Cidr;
use crate::diagnostic::Code;
use crate::kinds::kind::Fault;
use crate::name::Namespace;
use crate::selector::{LabelSelector, Term};
use std::collections::BTreeSet;

/// A selector of pods.
pub(super) fn pods(selector: &LabelSelector, place: &str) -> Vec<Fault> {
    let mut faults = refused(selector, place);
    if faults.is_empty() && selector.domain().is_empty() {
        faults.push(nothing(place, "no pod can have all of these labels"));
    }
    faults
}

/// A selector of namespaces.
pub(super) fn namespaces(term: &Term, place: &str) -> Vec<Fault> {
    let mut faults = refused(&term.labels, place);
    let names = term.names.as_deref().unwrap_or_default();
    for (field, names) in [("names", names), ("except", &term.except)] {
        for (index, name) in names.iter().enumerate().filter(|(_, name)| name.parse::<Namespace>().is_err()) {
            let message = format!("`{name}` is not the name of a namespace");
            faults.push(Fault::new(
                Code::InvalidValue,
                format!("{place}/{field}/{index}"),
                message,
                "write a DNS label",
            ));
        }
    }
    if faults.is_empty() && term.domain().is_empty() {
        faults.push(nothing(place, "no namespace can be all of this"));
    }
    faults
}

fn refused(selector: &LabelSelector, place: &str) -> Vec<Fault> {
    let fault = |(pointer, message)| {
        Fault::new(Code::InvalidValue, format!("{place}{pointer}"), message, "write it as Kubernetes takes it")
    };
    selector.faults().into_iter().map(fault).collect()
}

fn nothing(place: &str, message: &str) -> Fault {
    Fault::new(Code::InvalidValue, place, message, "take out what contradicts the rest; `{}` is all")
}

/// Ranges of addresses.
pub(super) fn ranges(cidrs: &[String], place: &str) -> Vec<Fault> {
    let mut known = BTreeSet::new();
    let mut faults = Vec::new();
    for (index, text) in cidrs.iter().enumerate() {
        let place = format!("{place}/{index}");
        faults.extend(range(text, &place));
        if text.parse::<Cidr>().is_ok_and(|cidr| !known.insert(cidr)) {
            let message = format!("{text} stands here twice");
            faults.push(Fault::new(Code::Duplicate, place, message, "keep one of the two"));
        }
    }
    faults
}

/// One range of addresses.
pub(super) fn range(text: &str, place: &str) -> Option<Fault> {
    let fault = |message, help| Some(Fault::new(Code::InvalidValue, place, message, help));
    match text.parse::<Cidr>() {
        Err(error) => fault(
            error.to_string(),
            "an address, `/` and the length of the prefix; one address ends with /32 or /128".to_owned(),
        ),
        Ok(cidr) if cidr.masked() != cidr => {
            let message = format!("{text} has bits beyond its prefix");
            fault(message, format!("write {}, or a longer prefix", cidr.masked()))
        }
        Ok(_) => None,
    }
}

/// What is left out of a range: some of it, not all.
pub(super) fn exceptions(cidr: &str, except: &[String], place: &str) -> Vec<Fault> {
    let mut faults = ranges(except, place);
    let Ok(whole) = cidr.parse::<Cidr>() else { return faults };
    for (index, text) in except.iter().enumerate() {
        let Ok(part) = text.parse::<Cidr>() else { continue };
        if !whole.contains(part) || part.contains(whole) {
            let message = format!("{text} is not a part of {cidr}, so it cannot be left out of it");
            let help = "name a smaller range within it, or take it out";
            faults.push(Fault::new(Code::InvalidValue, format!("{place}/{index}"), message, help));
        }
    }
    faults
}

/// Ports; `named`: whether who is called has names for them.
pub(super) fn ports(ports: &[Port], place: &str, named: bool) -> Vec<Fault> {
    let described = ports.iter().enumerate().filter_map(|(index, port)| match port {
        Port::Number(_) => None,
        Port::Described(described) => Some((format!("{place}/{index}"), described)),
    });
    described.filter_map(|(place, port)| fault(port, place, named)).collect()
}

fn fault(described: &Described, place: String, named: bool) -> Option<Fault> {
    let Described { port, end_port, name, .. } = described;
    let wrong = |message: String, help: &str| Some(Fault::new(Code::InvalidValue, place.clone(), message, help));
    match (port, end_port, name) {
        (None, _, None) => {
            let help = "give it `port` or `name`";
            Some(Fault::new(Code::MissingField, place, "a port has a number or a name", help))
        }
        (Some(port), _, Some(name)) => wrong(
            format!("this port is {port} and `{name}`"),
            "keep `port` or `name`; what they are called and what they are may differ",
        ),
        (None, Some(_), Some(_)) => {
            wrong("a range of ports begins with a number".to_owned(), "write `port` instead of `name`")
        }
        (Some(first), Some(last), None) if last < first => {
            wrong(format!("this range ends at {last} and begins at {first}"), "turn the two around")
        }
        (None, None, Some(name)) if !named => {
            wrong(format!("`{name}`: addresses have no names for ports"), "write the port's number")
        }
        (None, None, Some(name)) if !is_port_name(name) => wrong(
            format!("`{name}` is not the name of a port"),
            "at most 15 lower-case letters, digits and `-`, with a letter among them",
        ),
        _ => None,
    }
}

/// As Kubernetes takes it (RFC 6335, lower case).
fn is_port_name(name: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=15).contains(&name.len())
        && name.bytes().all(inner)
        && name.bytes().any(|byte| byte.is_ascii_lowercase())
        && !name.starts_with('-')
        && !name.ends_with('-')
        && !name.contains("--")
}
