//! The seam to a cluster: what is there, and one write at a time.

pub mod choice;
pub mod directory;
pub mod kube;

use async_trait::async_trait;
use jiff::Timestamp;
use policy::access::Bindings;
use policy::digest::Digest;
use policy::facts::Capabilities;
use policy::health::Health;
use policy::kube_kinds;
use policy::name::Namespace;
use policy::object::{ApiVersion, Object, ObjectId};
use policy::outcome::{Outcome, OutcomeCode};
use policy::plan::{Ends, Step, Undo};
use policy::report::Truth;
use policy::seen::{Observed, Seen};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// All that a target shows in one round.
#[derive(Debug, Clone)]
pub struct Sight {
    /// Namespaces and inventory; objects come from [`Target::look`], `good` from the cache.
    pub seen: Seen,
    /// What the cluster can do.
    pub capabilities: Capabilities,
    /// Digests of last good objects that the inventory still names.
    pub named: BTreeSet<Digest>,
    /// What was passed over, and why: for people.
    pub oddities: BTreeSet<Oddity>,
    /// Of everything that is there and not ours, by namespace (none: the cluster's own): what changes it may mend what was
    /// refused there. Our own writes never do.
    pub elsewhere: BTreeMap<Option<Namespace>, Digest>,
}

/// The objects in question, as they are.
#[derive(Debug, Clone, Default)]
pub struct Looked {
    /// Those that are there.
    pub objects: BTreeMap<ObjectId, Observed>,
    /// Those that cannot be looked at, with what that makes of their units.
    pub unseen: BTreeMap<ObjectId, Outcome>,
}

/// What an agent tells of itself in its cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct Telling {
    /// Kind Enforcement: all in all, and the second watermark.
    pub enforcement: Object,
    /// Kind RuleStatus, one for each rule, by name. A directory keeps none: there, Enforcement names the units.
    pub rules: BTreeMap<String, Object>,
    /// What each document of the cluster's operators is answered. What was told of them is not read back.
    pub verdicts: BTreeMap<ObjectId, Verdict>,
}

/// Whether a document counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it does.
    pub status: Truth,
    /// Why, in a word.
    pub reason: String,
    /// Why, for people.
    pub message: String,
}

/// What telling came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// It stands.
    Written,
    /// Nothing was written: another head than the telling's stands there, and it may be the newer one.
    Remembers(Value),
}

/// Something that people in the cluster are told once, when it happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// What it is about.
    pub about: ObjectId,
    /// Whether someone may act on it.
    pub warning: bool,
    /// What, in a word.
    pub reason: String,
    /// What, for people.
    pub note: String,
    /// When.
    pub at: Timestamp,
}

/// Something in the target that was passed over.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Oddity {
    /// Where.
    pub place: String,
    /// What is wrong with it.
    pub why: String,
}

/// Why a write was refused. Nothing was changed then, or its undo takes it back: a target that cannot be written may
/// fail in the middle, and only the row is written last.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The cluster does not serve that API.
    #[error("{api} is not served by this cluster, so {id} cannot be written")]
    NotServed {
        /// Which object.
        id: Box<ObjectId>,
        /// Which API.
        api: Box<ApiVersion>,
    },
    /// Its namespace is not there, or is being deleted.
    #[error("{id} cannot be written: its namespace does not exist")]
    NoNamespace {
        /// Which object.
        id: Box<ObjectId>,
    },
    /// Its name cannot stand in this target.
    #[error("{id} cannot be written: {why}")]
    BadName {
        /// Which object.
        id: Box<ObjectId>,
        /// Why not.
        why: String,
    },
    /// Larger than a server takes.
    #[error("{id} has {size} bytes; an object may have {limit}")]
    TooLarge {
        /// Which object.
        id: Box<ObjectId>,
        /// Its size.
        size: usize,
        /// The most.
        limit: usize,
    },
    /// The server said no to this object.
    #[error("{id} was refused: {message}")]
    Rejected {
        /// Which object.
        id: Box<ObjectId>,
        /// What the server said.
        message: String,
    },
    /// The agent may not write objects of that kind.
    #[error("{id} is not written: the agent may not {verb} {resource}; {}", remedy_of_rights(id))]
    NotPermitted {
        /// Which object.
        id: Box<ObjectId>,
        /// What it may not.
        verb: &'static str,
        /// With which resource.
        resource: String,
    },
    /// It is the agent's own: no rule writes there, whatever the agent's rights are.
    #[error("{id} is not written: no rule may write in the agent's own namespace {namespace}, nor what is of writ.dev")]
    OwnNamespace {
        /// Which object.
        id: Box<ObjectId>,
        /// The agent's namespace.
        namespace: Namespace,
    },
    /// Another field manager holds fields that the rule wants.
    #[error("{id} is not written: others hold fields of it: {}; leave them out, or write `adopt: true`", fields.join(", "))]
    Conflict {
        /// Which object.
        id: Box<ObjectId>,
        /// The fields, and who holds each.
        fields: Vec<String>,
    },
    /// It was changed, made or removed since it was looked at.
    #[error("{id} was changed by somebody else just now; it is looked at again")]
    Changed {
        /// Which object.
        id: Box<ObjectId>,
    },
    /// No row of the inventory speaks of it.
    #[error("{id} is not written, because no row of the inventory speaks of it; please report this defect")]
    Unclaimed {
        /// Which object.
        id: Box<ObjectId>,
    },
    /// The target cannot be written at all.
    #[error("{id} could not be written: {why}")]
    Unwritable {
        /// Which object.
        id: Box<ObjectId>,
        /// Why, as the system said it.
        why: String,
    },
}

/// What a person can do where the agent may not write an object, or not look at its kind.
#[must_use]
pub fn remedy_of_rights(id: &ObjectId) -> String {
    match kube_kinds::Row::of(id).grant {
        Some(grant) => format!("repeat `writ-spoke install` with {grant} among all that --allow shall name"),
        None => "no --allow of `writ-spoke install` grants that: give its account a role of your own".to_owned(),
    }
}

impl Refusal {
    /// The outcome of a unit whose write was refused so.
    #[must_use]
    pub const fn code(&self) -> OutcomeCode {
        match self {
            Self::Unwritable { .. } | Self::Unclaimed { .. } => OutcomeCode::Failed,
            Self::NotPermitted { .. } | Self::OwnNamespace { .. } => OutcomeCode::NotPermitted,
            Self::Conflict { .. } => OutcomeCode::Conflicted,
            _ => OutcomeCode::RolledBack,
        }
    }

    /// Whether it is the target's answer to this very object, and will be the same the next time.
    #[must_use]
    pub const fn is_answer(&self) -> bool {
        !matches!(
            self,
            Self::Changed { .. } | Self::NoNamespace { .. } | Self::Unclaimed { .. } | Self::Unwritable { .. }
        )
    }

    /// Which object was not written.
    #[must_use]
    pub const fn id(&self) -> &ObjectId {
        match self {
            Self::NotServed { id, .. }
            | Self::NoNamespace { id }
            | Self::BadName { id, .. }
            | Self::TooLarge { id, .. }
            | Self::Rejected { id, .. }
            | Self::NotPermitted { id, .. }
            | Self::OwnNamespace { id, .. }
            | Self::Conflict { id, .. }
            | Self::Changed { id }
            | Self::Unclaimed { id }
            | Self::Unwritable { id, .. } => id,
        }
    }

    /// Why, in a word.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::NotServed { .. } => "NotServed",
            Self::NoNamespace { .. } => "NoNamespace",
            Self::BadName { .. } => "BadName",
            Self::TooLarge { .. } => "TooLarge",
            Self::Rejected { .. } => "Rejected",
            Self::NotPermitted { .. } => "NotPermitted",
            Self::OwnNamespace { .. } => "OwnNamespace",
            Self::Conflict { .. } => "FieldConflict",
            Self::Changed { .. } => "Changed",
            Self::Unclaimed { .. } => "Unclaimed",
            Self::Unwritable { .. } => "Unwritable",
        }
    }
}

/// The target as a whole cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// A folder that must be there is not.
    #[error("the target directory {0} cannot be read: make it, or name another under spec.target.directory")]
    Missing(PathBuf, #[source] std::io::Error),
    /// What the cluster serves is not told.
    #[error("there is no {0}: write there what the cluster serves, kind Cluster with spec.facts")]
    NoFacts(PathBuf),
    /// A file of ours is not what we wrote.
    #[error("{0} cannot be understood: {1}; restore it from a backup")]
    Corrupt(PathBuf, String),
    /// There is no way to the cluster.
    #[error("the cluster cannot be connected to: {0}")]
    Connection(String),
    /// The cluster does not serve a kind of ours.
    #[error("the cluster does not serve {0} of writ.dev; prepare it with `writ-spoke install`")]
    NotInstalled(&'static str),
    /// The agent may not.
    #[error("{0}; `writ-spoke install` grants it")]
    Forbidden(String),
    /// What is told was refused a moment ago, as said then.
    #[error("{0}")]
    Untold(String),
    /// The cluster's server refused.
    #[error("{0}")]
    Server(String),
    /// The cluster's server did not answer.
    #[error("{0}")]
    Away(String),
    /// The system refused.
    #[error(transparent)]
    File(#[from] service::fault::FileError),
}

impl TargetError {
    /// Whether the other side is not there: nothing is wrong with the configuration.
    #[must_use]
    pub const fn is_absence(&self) -> bool {
        matches!(self, Self::Away(_))
    }

    /// Whether what the agent was told of its target is wrong.
    #[must_use]
    pub const fn is_configuration(&self) -> bool {
        matches!(self, Self::Missing(..) | Self::NoFacts(_) | Self::Connection(_))
    }

    /// Whether it was read, and is nothing that we wrote: then nothing is remembered there.
    #[must_use]
    pub const fn is_nonsense(&self) -> bool {
        matches!(self, Self::Corrupt(..))
    }

    /// Whether it may pass without anybody touching the agent: then it is waited for.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        matches!(self, Self::Away(_) | Self::Server(_))
    }
}

/// Where policy becomes objects. All writes may be repeated without harm.
#[async_trait]
pub trait Target: std::fmt::Debug + Send + Sync + 'static {
    /// The cluster's own identity, where it has one that outlives the agent.
    fn cluster_uid(&self) -> Option<&str>;

    /// What the cluster can do, as last seen.
    async fn capabilities(&self) -> Capabilities;

    /// Looks at what everything else depends on: namespaces, rows, what the cluster can do.
    async fn observe(&self) -> Result<Sight, TargetError>;

    /// Believes nothing of what was heard before: the next round looks at everything anew.
    async fn doubt(&self) {}

    /// Looks at the objects in question, each in the version that is named; `seen` is what was observed before, with
    /// the last good copies.
    async fn look(&self, at: &BTreeMap<&ObjectId, &ApiVersion>, seen: &Seen) -> Result<Looked, TargetError>;

    /// How these objects are, as they say themselves; all well where nobody makes them say so.
    async fn health(&self, of: &BTreeMap<ObjectId, ApiVersion>) -> BTreeMap<ObjectId, Health>;

    /// All bindings of roles, ours and foreign. Until [`Target::no_bindings`] the agent is woken when they change.
    ///
    /// # Errors
    /// [`TargetError`] when the agent cannot look at them.
    async fn bindings(&self) -> Result<Bindings, TargetError>;

    /// Nobody asks about bindings any more.
    async fn no_bindings(&self) {}

    /// Whether these steps of one transaction would be taken, in order; changes nothing.
    async fn dry_run(&self, steps: &[Step]) -> Result<(), Refusal>;

    /// Takes one step; says whether that wrote to an object. A claim may stay in memory until the write that it speaks
    /// of.
    async fn step(&self, step: &Step, now: Timestamp) -> Result<bool, Refusal>;

    /// Takes one step back, unless somebody else has written since.
    async fn undo(&self, undo: &Undo, now: Timestamp) -> Result<(), Refusal>;

    /// Notes in their rows what has ended with the last step of a transaction. This may stay in memory until
    /// [`Target::settle`]: an agent that is cut off before that looks whether all of it stands.
    async fn ended(&self, ends: &Ends);

    /// Makes durable what steps left in memory: called after the last step of a round.
    async fn settle(&self) -> Result<(), TargetError>;

    /// What stands in the cluster of what an agent told, if anything.
    async fn told(&self) -> Result<Option<Telling>, TargetError>;

    /// Puts what is told, and takes away what is told no longer; writes nothing where it stands already, nor over a head
    /// that another agent may have put there: that is answered, and is given as `over` once it was judged.
    async fn tell(&self, telling: &Telling, over: Option<&Value>) -> Result<Told, TargetError>;

    /// Removes all that the agent keeps of its own in the cluster: what it told, and at last the inventory.
    async fn forget(&self) -> Result<(), TargetError>;

    /// Tells people in the cluster what has just happened, where it has a way to.
    async fn announce(&self, news: &[News]) -> Result<(), TargetError>;
}
