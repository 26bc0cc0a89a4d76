//! What scripts/test --clients tries with kube-rs. See scripts/clients/recipes.ts.
use std::{collections::BTreeMap, env, fs, process::ExitCode, time::Duration};

use anyhow::{Context, Result, ensure};
use futures::{AsyncBufReadExt, TryStreamExt};
use k8s_openapi::api::{
    authentication::v1::SelfSubjectReview,
    core::v1::{ConfigMap, Pod},
};
use kube::{
    Api, Client, Config,
    api::{AttachParams, DeleteParams, ListParams, LogParams, ObjectMeta, Patch, PatchParams, PostParams, WatchEvent, WatchParams},
    config::AuthInfo,
    runtime::{WatchStreamExt, watcher},
};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

struct Tried {
    client: Client,
    namespace: String,
}

fn config_map(name: &str) -> ConfigMap {
    let one = |key: &str, value: &str| Some(BTreeMap::from([(key.to_owned(), value.to_owned())]));
    ConfigMap {
        metadata: ObjectMeta { name: Some(name.to_owned()), labels: one("of", "objects"), ..Default::default() },
        data: one("key", "one"),
        ..Default::default()
    }
}

fn value<'a>(map: &'a ConfigMap, key: &str) -> Option<&'a str> {
    map.data.as_ref()?.get(key).map(String::as_str)
}

impl Tried {
    fn maps(&self) -> Api<ConfigMap> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    fn pods(&self) -> Api<Pod> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    async fn objects(&self) -> Result<()> {
        let maps = self.maps();
        for name in ["a", "b", "c"] {
            maps.create(&PostParams::default(), &config_map(name)).await?;
        }
        let query = ListParams::default().labels("of=objects").limit(2);
        let page = maps.list(&query).await?;
        let rest = maps.list(&query.clone().continue_token(page.metadata.continue_.as_deref().context("no second page")?)).await?;
        let names: Vec<_> = page.into_iter().chain(rest).filter_map(|map| map.metadata.name).collect();
        ensure!(names == ["a", "b", "c"], "listed {names:?}");
        let merge = json!({"data": {"key": "two", "more": "three"}});
        let patched = maps.patch("a", &PatchParams::default(), &Patch::Merge(merge)).await?;
        ensure!(value(&patched, "key") == Some("two") && value(&patched, "more") == Some("three"), "patched to {:?}", patched.data);
        let strategic = json!({"data": {"more": null}});
        let patched = maps.patch("a", &PatchParams::default(), &Patch::Strategic(strategic)).await?;
        ensure!(value(&patched, "more").is_none(), "patched to {:?}", patched.data);
        maps.delete_collection(&DeleteParams::default(), &ListParams::default().labels("of=objects")).await?;
        ensure!(maps.get_opt("a").await?.is_none(), "a deleted object is there");
        Ok(())
    }

    async fn watch(&self) -> Result<()> {
        let maps = self.maps();
        let since = maps.list(&ListParams::default()).await?.metadata.resource_version.context("no version")?;
        maps.create(&PostParams::default(), &config_map("watched")).await?;
        let merge = json!({"data": {"key": "two"}});
        maps.patch("watched", &PatchParams::default(), &Patch::Merge(merge)).await?;
        maps.delete("watched", &DeleteParams::default()).await?;
        let events: Vec<_> = maps.watch(&WatchParams::default().timeout(2), &since).await?.try_collect().await?;
        let seen: Vec<_> = events
            .iter()
            .filter_map(|event| match event {
                WatchEvent::Added(map) => Some(("added", value(map, "key"))),
                WatchEvent::Modified(map) => Some(("modified", value(map, "key"))),
                WatchEvent::Deleted(map) => Some(("deleted", value(map, "key"))),
                WatchEvent::Bookmark(_) => None,
                WatchEvent::Error(_) => Some(("error", None)),
            })
            .collect();
        ensure!(seen == [("added", Some("one")), ("modified", Some("two")), ("deleted", Some("two"))], "saw {seen:?}");
        Ok(())
    }

    /// kube's watcher with the initial list as a stream (sendInitialEvents).
    async fn informer(&self) -> Result<()> {
        let maps = self.maps();
        let stream = watcher(maps.clone(), watcher::Config::default().streaming_lists()).applied_objects();
        let mut stream = std::pin::pin!(stream);
        ensure!(stream.try_next().await?.is_some(), "nothing is listed");
        maps.create(&PostParams::default(), &config_map("informed")).await?;
        while let Some(map) = stream.try_next().await? {
            if map.metadata.name.as_deref() == Some("informed") {
                return Ok(());
            }
        }
        anyhow::bail!("the watch ended")
    }

    async fn pod(&self) -> Result<()> {
        let pod: Pod = serde_json::from_str(&fs::read_to_string(env::var("CLIENT_POD")?)?)?;
        self.pods().create(&PostParams::default(), &pod).await?;
        kube::runtime::wait::await_condition(self.pods(), "streams", |pod: Option<&Pod>| {
            let statuses = pod.and_then(|pod| pod.status.as_ref()?.container_statuses.as_ref());
            let running = |status: &k8s_openapi::api::core::v1::ContainerStatus| {
                status.state.as_ref().is_some_and(|state| state.running.is_some())
            };
            statuses.is_some_and(|statuses| statuses.len() == 3 && statuses.iter().all(running))
        })
        .await?;
        Ok(())
    }

    async fn exec(&self) -> Result<()> {
        let params = AttachParams::default().container("main").stdin(true).stdout(true).stderr(true);
        let command = ["sh", "-c", "head -c 300000 | md5sum; echo note >&2; exit 7"];
        let mut process = self.pods().exec("streams", command, &params).await?;
        let status = process.take_status().context("no status")?;
        let mut stdin = process.stdin().context("no stdin")?;
        let (mut stdout, mut stderr) = (process.stdout().context("no stdout")?, process.stderr().context("no stderr")?);
        let (mut out, mut err) = (String::new(), String::new());
        let input = vec![b'x'; 300_000];
        let (written, read, complained) =
            tokio::join!(stdin.write_all(&input), stdout.read_to_string(&mut out), stderr.read_to_string(&mut err));
        written?;
        read?;
        complained?;
        ensure!(out.starts_with("d408ed46ebcc326f9e7c6bb9c77af1cd "), "printed {out:?}");
        ensure!(err == "note\n", "complained {err:?}");
        let causes = status.await.context("no status")?.details.and_then(|details| details.causes).unwrap_or_default();
        ensure!(causes.len() == 1 && causes[0].message.as_deref() == Some("7"), "ended with {causes:?}");
        process.join().await?;
        Ok(())
    }

    async fn attach(&self) -> Result<()> {
        let params = AttachParams::default().container("attach").stdin(true).stdout(true).stderr(false);
        let mut process = self.pods().attach("streams", &params).await?;
        let (mut stdin, mut stdout) = (process.stdin().context("no stdin")?, process.stdout().context("no stdout")?);
        stdin.write_all(b"hello\nend\n").await?;
        let mut out = String::new();
        stdout.read_to_string(&mut out).await?;
        ensure!(out == "got hello\n", "printed {out:?}");
        process.join().await?;
        Ok(())
    }

    async fn logs(&self) -> Result<()> {
        let params = LogParams { container: Some("logs".to_owned()), follow: true, ..Default::default() };
        let lines: Vec<_> = self.pods().log_stream("streams", &params).await?.lines().try_collect().await?;
        let wanted: Vec<_> = (1..=10).map(|number| format!("line {number}")).collect();
        ensure!(lines == wanted, "read {lines:?}");
        Ok(())
    }

    async fn port_forward(&self) -> Result<()> {
        let mut forwarder = self.pods().portforward("streams", &[8080]).await?;
        let mut port = forwarder.take_stream(8080).context("no stream")?;
        port.write_all(b"GET /index.html HTTP/1.0\r\n\r\n").await?;
        let mut answer = String::new();
        port.read_to_string(&mut answer).await?;
        ensure!(answer.ends_with("\r\n\r\npong\n"), "answered {answer:?}");
        drop(port);
        // It has to end; kube-rs takes a close that follows the server's for an error.
        forwarder.join().await.or_else(|error| if error.to_string().contains("closing") { Ok(()) } else { Err(error) })?;
        Ok(())
    }

    async fn long_token(&self) -> Result<()> {
        let mut config = Config::infer().await?;
        config.auth_info = AuthInfo { token: Some(fs::read_to_string(env::var("CLIENT_LONG_TOKEN")?)?.into()), ..Default::default() };
        let reviews: Api<SelfSubjectReview> = Api::all(Client::try_from(config)?);
        let review = reviews.create(&PostParams::default(), &SelfSubjectReview::default()).await?;
        let name = review.status.and_then(|status| status.user_info).and_then(|user| user.username);
        ensure!(name == Some(env::var("CLIENT_LONG_TOKEN_USER")?), "taken for {name:?}");
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let tried = Tried { client: Client::try_default().await?, namespace: env::var("CLIENT_NAMESPACE")? };
    let mut code = ExitCode::SUCCESS;
    macro_rules! check {
        ($name:literal, $body:ident) => {
            let outcome = tokio::time::timeout(Duration::from_secs(60), tried.$body()).await;
            match outcome.context("did not end").and_then(|result| result) {
                Ok(()) => println!("ok {}", $name),
                Err(error) => {
                    println!("not ok {}: {error:#}", $name);
                    code = ExitCode::FAILURE;
                }
            }
        };
    }
    check!("objects", objects);
    check!("watch", watch);
    check!("informer", informer);
    check!("pod", pod);
    check!("exec", exec);
    check!("attach", attach);
    check!("logs", logs);
    check!("port-forward", port_forward);
    check!("long-token", long_token);
    Ok(code)
}
