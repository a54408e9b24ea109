use super::*;
use crate::bundle::entry::{Owner, Risk};
use crate::facts::Declared;
use crate::kinds::catalog::Spec;
use crate::mode::Mode;
use crate::name::RegionName;
use serde_json::json;

fn files(text: &str) -> BTreeMap<String, Arc<str>> {
    BTreeMap::from([("authority/a.cedar".to_owned(), text.into())])
}

fn authority(text: &str) -> Authority {
    let (authority, found) = Authority::read(&files(text));
    assert_eq!(found, [], "{text}");
    authority
}

fn faults(text: &str) -> Vec<String> {
    Authority::read(&files(text)).1.iter().map(|found| format!("{} {found}", found.code)).collect()
}

fn cluster() -> Declared {
    let labels = [("tier".to_owned(), "core".to_owned())].into();
    Declared { name: "eu-1".parse().unwrap(), region: "eu".parse().unwrap(), labels, mode: Mode::Enforce }
}

fn owner() -> Owner {
    Owner { team: "platform".parse().unwrap(), contact: None, escalation: None }
}

fn overrides(authority: &Authority, by: Overrider<'_>, new: &serde_json::Value) -> bool {
    authority.permits_override(&OverrideAsked {
        by,
        rule: &"ResourceGuard/quota".parse().unwrap(),
        owner: &owner(),
        risk: Risk::Low,
        field: "spec.quota[pods]",
        old: &json!("10"),
        new,
    })
}

fn overrules(authority: &Authority, constraint: Constraint<'_>) -> bool {
    authority.permits_overrule(&OverruleAsked {
        rule: &"ResourceGuard/quota".parse().unwrap(),
        owner: &owner(),
        risk: Risk::Critical,
        cluster: &cluster(),
        constraint,
    })
}

#[test]
fn what_nothing_permits_is_denied() {
    let (none, found) = Authority::read(&BTreeMap::new());
    assert!(found.is_empty() && !none.is_given());
    let unrelated = authority(r#"permit (principal, action == Writ::Action::"publish", resource);"#);
    for authority in [&none, &unrelated] {
        assert!(!overrides(authority, Overrider::Cluster(&cluster()), &json!("20")));
        assert!(!overrules(authority, Constraint::default()));
    }
    assert!(unrelated.is_given());
}

#[test]
fn overrides_are_judged_by_who_where_and_what() {
    let text = r#"
        permit (principal in Writ::Region::"eu", action == Writ::Action::"override", resource)
        when { resource.owner == Writ::Team::"platform" && ["low", "medium"].contains(context.risk) };
        forbid (principal, action == Writ::Action::"override", resource is Writ::Rule)
        when { context.field == "spec.quota[pods]" && context.old == "\"10\"" && context.new == "\"99\"" };"#;
    let authority = authority(text);
    let (eu, us): (RegionName, RegionName) = ("eu".parse().unwrap(), "us".parse().unwrap());
    assert!(overrides(&authority, Overrider::Cluster(&cluster()), &json!("20")));
    assert!(overrides(&authority, Overrider::Region(&eu), &json!("20")));
    assert!(!overrides(&authority, Overrider::Region(&us), &json!("20")));
    assert!(!overrides(&authority, Overrider::Cluster(&cluster()), &json!("99")));
}

#[test]
fn constraints_are_overruled_by_what_they_say_and_whose_they_are() {
    let text = r#"permit (principal, action == Writ::Action::"overrule", resource in Writ::Region::"eu")
        when { principal.risk == "critical" && resource.ring == "region"
               && resource has strength && resource.strength == "preference" };"#;
    let authority = authority(text);
    let (eu, us): (RegionName, RegionName) = ("eu".parse().unwrap(), "us".parse().unwrap());
    let preference = Constraint { title: None, strength: Some("preference"), regional: Some(&eu) };
    assert!(overrules(&authority, preference));
    assert!(!overrules(&authority, Constraint { regional: Some(&us), ..preference }));
    assert!(!overrules(&authority, Constraint { regional: None, ..preference }));
    assert!(!overrules(&authority, Constraint { strength: Some("law"), ..preference }));
    assert!(!overrules(&authority, Constraint { strength: None, ..preference }));
}

#[test]
fn a_forbid_that_errs_forbids_and_a_permit_that_errs_permits_nothing() {
    let permit = r#"permit (principal, action == Writ::Action::"override", resource);"#;
    let errs = |effect: &str| {
        format!(
            r#"{effect} (principal, action == Writ::Action::"override", resource) when {{ 9223372036854775807 + 1 == 0 }};"#
        )
    };
    let cluster = cluster();
    let by = Overrider::Cluster(&cluster);
    assert!(overrides(&authority(permit), by, &json!(1)));
    assert!(!overrides(&authority(&format!("{permit}\n{}", errs("forbid"))), by, &json!(1)));
    assert!(overrides(&authority(&format!("{permit}\n{}", errs("permit"))), by, &json!(1)));
    assert!(!overrides(&authority(&errs("permit")), by, &json!(1)));
}

#[test]
fn every_fault_is_found_in_its_place() {
    let text = "permit (principal, action == Writ::Action::\"override\", resource) when { context.risky };\n\
                permit (principal action, resource);\n\
                permit (principal, action == Writ::Action::\"overide\", resource);\n";
    let found = faults(text);
    assert_eq!(found.len(), 3, "{found:#?}");
    assert!(found[0].starts_with("CedarType authority/a.cedar:1:"), "{found:#?}");
    assert!(found[1].starts_with("CedarSyntax authority/a.cedar:2:19:"), "{found:#?}");
    assert!(found[2].starts_with("CedarType authority/a.cedar:3:"), "{found:#?}");
    let message = "CedarForm authority/a.cedar:1:1: this file holds no policy, so it permits nothing";
    assert_eq!(faults("// nobody, yet\n"), [message]);
}

#[test]
fn faulty_policies_permit_no_more_than_was_meant() {
    let permit = r#"permit (principal, action == Writ::Action::"override", resource);"#;
    let wrong = r"(principal, action, resource) when { principal.nonsense };";
    let cluster = cluster();
    let permitted = |more: &str| {
        let (authority, found) = Authority::read(&files(&format!("{permit}\n{more}")));
        assert!(!found.is_empty());
        overrides(&authority, Overrider::Cluster(&cluster), &json!(1))
    };
    assert!(permitted(&format!("permit {wrong}")), "other policies still permit");
    assert!(!permitted(&format!("forbid {wrong}")), "what it would have forbidden is not known");
    assert!(!permitted("forbid (principal"), "nor what this would have been");
}

#[test]
fn spokes_get_what_they_ask_for() {
    let needed = [
        r#"permit (principal, action == Writ::Action::"override", resource);"#,
        r#"forbid (principal, action in [Writ::Action::"pin", Writ::Action::"overrule"], resource);"#,
        r#"forbid (principal == Writ::Person::"mallory", action, resource);"#,
    ];
    let other = r#"permit (principal, action == Writ::Action::"change", resource);"#;
    let mut files = files(&format!("// All.\n{}\n{other}\n{} {}\n", needed[0], needed[1], needed[2]));
    files.insert("authority/b.cedar".to_owned(), other.into());
    let sent = for_spokes(&files);
    assert_eq!(sent.into_values().collect::<Vec<_>>(), [needed.map(|text| format!("{text}\n")).concat()]);
}

fn root() -> Spec {
    let text = "regions: [eu]\nteams: {platform: {members: [ada]}, eu-ops: {members: [ewa]}}\n\
                domains: [{path: intents, owner: platform}, {path: regions/eu, owner: eu-ops}]\n";
    serde_yaml::from_str(text).unwrap()
}

#[test]
fn changes_are_judged_by_path_owner_and_team() {
    let authority = authority(
        r#"permit (principal, action == Writ::Action::"change", resource) when { principal in resource.owner };
           permit (principal == Writ::Person::"ada", action == Writ::Action::"change", resource in Writ::Domain::"authority");
           permit (principal, action == Writ::Action::"change", resource in Writ::Region::"eu")
           when { resource.path like "regions/eu/parameters/*" };"#,
    );
    let root = root();
    let permitted = |who: &str, path: &str| authority.permits_change(&ChangeAsked { who, path, root: &root });
    for (who, path, expected) in [
        ("ada", "intents/team/quota.yaml", true),
        ("ewa", "intents/team/quota.yaml", false),
        ("ewa", "regions/eu/intents/notice.yaml", true),
        ("ada", "regions/eu/intents/notice.yaml", false),
        ("ada", "authority/people.cedar", true),
        ("ewa", "authority/people.cedar", false),
        ("ada", "writ.yaml", false),
        ("ada", "intentsx/quota.yaml", false),
        (ANONYMOUS, "regions/eu/parameters/eu.yaml", true),
        (ANONYMOUS, "regions/eu/intents/notice.yaml", false),
        (ANONYMOUS, "intents/team/quota.yaml", false),
    ] {
        assert_eq!(permitted(who, path), expected, "{who} {path}");
    }
}

#[test]
fn rules_are_owned_where_risk_and_path_allow() {
    let authority = authority(
        r#"permit (principal, action == Writ::Action::"own", resource)
           when { context.path in Writ::Domain::"intents" && principal in context.path.owner && resource.risk == "low" };"#,
    );
    let (root, rule, owner) = (root(), "ResourceGuard/quota".parse().unwrap(), owner());
    let owns = |risk, path| authority.permits_own(&OwnAsked { rule: &rule, owner: &owner, risk, path, root: &root });
    assert!(owns(Risk::Low, "intents/quota.yaml"));
    assert!(!owns(Risk::High, "intents/quota.yaml") && !owns(Risk::Low, "regions/eu/intents/quota.yaml"));
}

#[test]
fn policies_may_speak_of_exceptions_before_anything_asks() {
    let policy = |action: &str, when: &str| {
        format!(
            "permit (principal in Writ::Team::\"security\", action == Writ::Action::\"{action}\", resource is Writ::Exception) when {{ {when} }};"
        )
    };
    let sound = "resource.rule.risk != \"critical\" && resource.hours <= 72 && resource.requestedBy != principal";
    for action in ["requestException", "approveAutomatically", "approveAlone", "approveJointly"] {
        assert_eq!(faults(&policy(action, sound)), Vec::<String>::new(), "{action}");
        assert!(faults(&policy(action, "resource.ring == \"cluster\""))[0].starts_with("CedarType "), "{action}");
    }
}
