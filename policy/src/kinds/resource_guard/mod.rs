//! `ResourceGuard`: quotas, default requests and limits, and maximum limits of a namespace.

mod inspect;
mod spec;
mod stakes;
#[cfg(test)]
mod tests;

use super::kind::{Fault, Intent, Kind, Stake, Unsupported};
use super::objects::template;
use crate::bundle::entry::Template;
use crate::facts::Facts;
use k8s_openapi::api::core::v1::{LimitRange, LimitRangeItem, LimitRangeSpec, ResourceQuota, ResourceQuotaSpec};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity as Amount;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::Value;
use spec::{Amounts, Containers, Spec};
use std::collections::BTreeMap;

/// The kind itself.
pub(super) enum ResourceGuard {}

impl Kind for ResourceGuard {
    const NAME: &'static str = "ResourceGuard";
    const VERSION: u32 = 1;
    type Spec = Spec;
    /// It asks for nothing: every cluster serves the core API.
    type Lens = ();
    type View = ();

    fn lens(_: &Value) {}

    fn view((): &(), _: &Facts) {}

    fn best((): &()) {}

    fn inspect(intent: &Intent<'_, Spec>) -> Vec<Fault> {
        inspect::inspect(intent)
    }

    fn stakes(intent: &Intent<'_, Spec>) -> Vec<Stake> {
        stakes::stakes(intent.spec)
    }

    /// The limits come first, so that what the quota counts is already defaulted.
    fn translate(intent: &Intent<'_, Spec>, (): &()) -> Result<Vec<Template>, Unsupported> {
        let metadata = || ObjectMeta { name: Some(format!("writ-{}", intent.name)), ..ObjectMeta::default() };
        let limits =
            intent.spec.containers.as_ref().map(|containers| template(&limit_range(metadata(), containers), true));
        let quota = intent.spec.quota.as_ref().map(|quota| template(&resource_quota(metadata(), quota), true));
        limits.into_iter().chain(quota).collect()
    }
}

fn limit_range(metadata: ObjectMeta, containers: &Containers) -> LimitRange {
    let item = LimitRangeItem {
        type_: "Container".to_owned(),
        default_request: containers.default_request.as_ref().map(amounts),
        default: containers.default.as_ref().map(amounts),
        max: containers.max.as_ref().map(amounts),
        ..LimitRangeItem::default()
    };
    LimitRange { metadata, spec: Some(LimitRangeSpec { limits: vec![item] }) }
}

fn resource_quota(metadata: ObjectMeta, quota: &Amounts) -> ResourceQuota {
    let spec = ResourceQuotaSpec { hard: Some(amounts(quota)), ..ResourceQuotaSpec::default() };
    ResourceQuota { metadata, spec: Some(spec), status: None }
}

fn amounts(amounts: &Amounts) -> BTreeMap<String, Amount> {
    amounts.iter().map(|(resource, amount)| (resource.clone(), Amount(amount.as_str().to_owned()))).collect()
}
