//! Asking a hub: HTTPS with the caller's certificate; the hub is known by its SPIFFE URI, not by a DNS name.

mod answer;
mod arguments;
mod identity;
mod unreached;

pub(crate) use arguments::HubArguments;

use crate::fault::Fault;
use arguments::Chosen;
use reqwest::{Method, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// Until a connection stands.
const CONNECT: Duration = Duration::from_secs(10);
/// Until an answer is there: a refresh fetches from a repository.
const ANSWER: Duration = Duration::from_secs(120);

/// A hub, and how to reach it.
pub(crate) struct Hub {
    url: Url,
    identity: PathBuf,
    client: reqwest::Client,
    runtime: Runtime,
}

impl Hub {
    /// Reads the caller's identity. Nothing is sent yet.
    pub(crate) fn open(arguments: &HubArguments) -> Result<Self, Fault> {
        let Chosen { url, identity } = arguments.chosen()?;
        let tls = identity::client(&identity)?;
        let unusable = |error: &dyn Error| Fault::Usage(format!("no connection can be made: {error}"));
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .https_only(true)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            .build()
            .map_err(|error| unusable(&error))?;
        let runtime = Builder::new_current_thread().enable_all().build().map_err(|error| unusable(&error))?;
        Ok(Self { url, identity, client, runtime })
    }

    /// Reads a resource.
    pub(crate) fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Fault> {
        self.call::<(), T>(Method::GET, path, None)
    }

    /// Asks for a change.
    pub(crate) fn post<B: Serialize, T: DeserializeOwned>(&self, path: &str, body: &B) -> Result<T, Fault> {
        self.call(Method::POST, path, Some(body))
    }

    /// Puts a resource in place.
    pub(crate) fn put<B: Serialize, T: DeserializeOwned>(&self, path: &str, body: &B) -> Result<T, Fault> {
        self.call(Method::PUT, path, Some(body))
    }

    /// Takes a resource away.
    pub(crate) fn delete<T: DeserializeOwned>(&self, path: &str) -> Result<T, Fault> {
        self.call::<(), T>(Method::DELETE, path, None)
    }

    fn call<B: Serialize, T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&B>,
    ) -> Result<T, Fault> {
        let mut url = self.url.clone();
        let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
        url.set_path(path);
        url.set_query(query);
        let request = self.client.request(method, url);
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        self.runtime.block_on(async {
            let response = request.send().await.map_err(|error| unreached::fault(&error, &self.url, &self.identity))?;
            answer::read(response).await.map_err(|fault| fault.into_fault(&self.url))
        })
    }
}
