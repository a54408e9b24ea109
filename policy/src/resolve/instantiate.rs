//! From templates to the objects of one unit.

use super::Desired;
use crate::bundle::entry::{Own, Template};
use crate::kube_kinds::{self, Reach};
use crate::name::Namespace;
use crate::object::{ApiVersion, Object};
use crate::outcome::UnitId;
use crate::plan::marks;
use serde_json::Value;

/// The objects that `templates` want in `unit`: those made per namespace in a namespace's unit, the others in the
/// cluster's.
///
/// # Errors
/// A sentence, when a template does not make an object.
pub(super) fn desired(unit: &UnitId, templates: &[Template]) -> Result<Vec<Desired>, String> {
    let here = templates.iter().filter(|template| template.per_namespace == unit.namespace.is_some());
    here.map(|template| instantiate(unit, template)).collect()
}

fn instantiate(unit: &UnitId, template: &Template) -> Result<Desired, String> {
    let mut tree = template.manifest.clone();
    let no_object = |why: String| format!("a template of {unit} makes no object: {why}");
    if let Some(namespace) = &unit.namespace {
        place(namespace, template, &mut tree).map_err(no_object)?;
    }
    if template.own == Own::Whole {
        marks::put(&mut tree, &unit.rule);
    }
    let object = Object::try_from(tree).map_err(|error| no_object(error.to_string()))?;
    Ok(Desired { own: template.own, adopt: template.adopt, object })
}

/// Puts an object into its namespace. A Namespace object *is* that namespace; another object of the cluster is named
/// after it.
fn place(namespace: &Namespace, template: &Template, tree: &mut Value) -> Result<(), String> {
    for pointer in &template.namespace_at {
        let here =
            tree.pointer_mut(pointer).ok_or_else(|| format!("there is no {pointer} to name its namespace at"))?;
        *here = Value::String(namespace.to_string());
    }
    let text = |field| tree.get(field).and_then(Value::as_str).unwrap_or_default();
    let api = ApiVersion::from(text("apiVersion").to_owned());
    let name = tree.pointer("/metadata/name").and_then(Value::as_str);
    let (field, value) = match (kube_kinds::row(&api.group, text("kind")).reach, text("kind")) {
        (Reach::Cluster, "Namespace") => ("name", namespace.to_string()),
        (Reach::Cluster, _) => ("name", format!("{}.{namespace}", name.unwrap_or_default())),
        _ => ("namespace", namespace.to_string()),
    };
    if let Some(metadata) = marks::map_in(tree, "metadata") {
        metadata.insert(field.to_owned(), Value::String(value));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(template: &Template) -> Result<Value, String> {
        let unit = UnitId { rule: "ConfigTemplate/a".parse().unwrap(), namespace: Some("shop".parse().unwrap()) };
        instantiate(&unit, template).map(|desired| desired.object.tree().clone())
    }

    #[test]
    fn an_object_of_the_cluster_is_named_after_its_namespace() {
        let manifest = json!({"apiVersion": "policy.networking.k8s.io/v1beta1", "kind": "ClusterNetworkPolicy",
            "metadata": {"name": "writ-a"}, "spec": {"subject": {"kubernetes.io/metadata.name": ""}}});
        let at = "/spec/subject/kubernetes.io~1metadata.name".to_owned();
        let template = Template { namespace_at: vec![at], ..Template::whole(manifest, true) };
        let made = object(&template).unwrap();
        assert_eq!(made["metadata"]["name"], "writ-a.shop");
        assert_eq!(made["metadata"].get("namespace"), None);
        assert_eq!(made["spec"]["subject"]["kubernetes.io/metadata.name"], "shop");
        let elsewhere = Template { namespace_at: vec!["/spec/nowhere".to_owned()], ..template };
        assert!(object(&elsewhere).unwrap_err().contains("there is no /spec/nowhere"));
    }

    #[test]
    fn an_object_of_a_namespace_stands_in_it_and_a_namespace_is_it() {
        let config = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}});
        let made = object(&Template::whole(config, true)).unwrap();
        assert_eq!((&made["metadata"]["name"], &made["metadata"]["namespace"]), (&json!("a"), &json!("shop")));
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"labels": {"a": "b"}}});
        assert_eq!(object(&Template::whole(namespace, true)).unwrap()["metadata"]["name"], "shop");
    }
}
