//! An S3 server on loopback, OpenDAL's readers and writers of its objects as files, and code that reads any file.

// The example uses a part of it.
#![allow(dead_code)]

mod objects;
mod words;

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, LazyLock};

use anyfile::{AsyncFile, wrap_file};
use hyper::body::Bytes;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use opendal::blocking::{self, StdReader, StdWriter};
use opendal::services::S3;
use opendal::{HttpTransporter, OperationContext, Operator};
use opendal_http_transport_reqwest::ReqwestTransport;
use reqwest::Client;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use smol::unblock;
use tokio::runtime::{Builder, Runtime};

use objects::{BUCKET, Bucket, Objects};

pub(crate) use objects::Flow;
pub(crate) use words::{Counts, count};

const ACCESS_KEY: &str = "access";
const SECRET_KEY: &str = "secret";

/// The runtime of OpenDAL's clients, whatever executor uses the files.
pub(crate) static CLIENTS: LazyLock<Runtime> = LazyLock::new(runtime);

fn runtime() -> Runtime {
    let mut builder = Builder::new_multi_thread();
    let runtime = builder.worker_threads(1).enable_all().build();
    runtime.expect("a thread")
}

/// A server with threads of its own, which stops when it is dropped: every connection is reset.
pub(crate) struct Server {
    runtime: Option<Runtime>,
    objects: Arc<Objects>,
    operator: Operator,
}

impl Server {
    /// Starts a server without objects.
    pub(crate) fn start() -> io::Result<Server> {
        let (runtime, objects) = (runtime(), Arc::new(Objects::default()));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let operator = operator(listener.local_addr()?)?;
        runtime.spawn(serve(listener, objects.clone()));
        Ok(Server {
            runtime: Some(runtime),
            objects,
            operator,
        })
    }

    /// Returns OpenDAL's asynchronous interface to the objects.
    pub(crate) fn operator(&self) -> &Operator {
        &self.operator
    }

    /// Opens an object for reading.
    pub(crate) async fn open(&self, name: &str) -> io::Result<AsyncFile<StdReader>> {
        open(self.operator.clone(), name).await
    }

    /// Opens an object for writing. It exists once [`complete`] has returned.
    pub(crate) async fn create(&self, name: &str) -> io::Result<AsyncFile<StdWriter>> {
        let (operator, name) = (blocking(self.operator.clone())?, name.to_owned());
        unblock(move || Ok(wrap_file(operator.writer(&name)?.into_std_write()))).await
    }

    /// Returns the contents of an object.
    pub(crate) fn object(&self, name: &str) -> Option<Bytes> {
        self.objects.get(name)
    }

    /// Adds an object.
    pub(crate) fn put(&self, name: &str, bytes: impl Into<Bytes>) {
        self.objects.put(name, bytes.into());
    }

    /// Sets how far the bodies of responses flow, those that are being sent as well.
    pub(crate) fn set_flow(&self, flow: Flow) {
        self.objects.flow.send_replace(flow);
    }

    /// Returns how often a part of an object was asked for.
    pub(crate) fn reads(&self) -> usize {
        self.objects.reads()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Opens an object for reading.
///
/// OpenDAL's blocking objects panic where tokio runs tasks, even when they are dropped there. So they are made on the
/// pool and never leave it.
pub(crate) async fn open(operator: Operator, name: &str) -> io::Result<AsyncFile<StdReader>> {
    let (operator, name) = (blocking(operator)?, name.to_owned());
    unblock(move || Ok(wrap_file(operator.reader(&name)?.into_std_read(..)?))).await
}

/// Completes an upload. Closing or dropping the file does not: OpenDAL then discards what was written.
pub(crate) async fn complete(mut file: AsyncFile<StdWriter>) -> io::Result<()> {
    file.with_mut(|writer| writer.close()).await??;
    file.close().await
}

fn blocking(operator: Operator) -> io::Result<blocking::Operator> {
    let _within = CLIENTS.enter();
    Ok(blocking::Operator::new(operator)?)
}

fn operator(address: SocketAddr) -> io::Result<Operator> {
    let service = S3::default()
        .endpoint(&format!("http://{address}"))
        .region("us-east-1")
        .bucket(BUCKET)
        .access_key_id(ACCESS_KEY)
        .secret_access_key(SECRET_KEY)
        .disable_config_load()
        .disable_ec2_metadata();
    // A proxy that the environment names does not know this server.
    let client = Client::builder().no_proxy().build();
    let http = HttpTransporter::new(ReqwestTransport::new(client.map_err(io::Error::other)?));
    let context = OperationContext::new().with_http_transport(http);
    Ok(Operator::new(service)?.with_context(context))
}

async fn serve(listener: TcpListener, objects: Arc<Objects>) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let mut builder = S3ServiceBuilder::new(Bucket(objects));
    builder.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
    let service = builder.build().into_shared();
    loop {
        let (stream, _) = listener.accept().await?;
        let http = http1::Builder::new();
        tokio::spawn(http.serve_connection(TokioIo::new(stream), service.clone()));
    }
}
