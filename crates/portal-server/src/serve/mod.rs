//! `portal serve`: answers requests, and does what they leave to be done.

pub(crate) mod listen;

use std::{process::ExitCode, time::Duration};

use portal::domain::{port::Entropy, set_up::SetUpCode};
use portal_http::{App, BaseUrl, FirstStart, HttpConfig};
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
};

use crate::{
    failure::Failure,
    fault, logging, metrics,
    program::{Program, is_in_use},
    settings::Settings,
    stores::Patience,
    system::OsEntropy,
};

/// How long what is being sent may go on after the end was asked for; what is cut off then is sent again.
const FINISH: Duration = Duration::from_secs(10);

/// Runs the service.
pub(crate) async fn run(settings: Settings) -> Result<ExitCode, Failure> {
    logging::start(settings.log.as_deref().unwrap_or("info"));
    let listener = listen::bind(settings.listen, "--listen").await?;
    let address = local(&listener)?;
    let base_url = settings.base_url_at(address)?;
    let metrics = match settings.metrics_listen {
        Some(address) => Some((listen::bind(address, "--metrics-listen").await?, metrics::install()?)),
        None => None,
    };
    let program = Program::open_for(settings, Patience::Request).await?;
    warn(&program.settings);
    let _metrics = match metrics {
        Some((listener, recorded)) => Some(metrics::answer(listener, recorded, &program)?),
        None => None,
    };
    let first_start = first_start(&program, &base_url).await?;
    tracing::info!(%address, base_url = base_url.as_str(), version = env!("CARGO_PKG_VERSION"), "listening");
    let trusted_proxies = program.settings.trusted_proxies.clone();
    let config = HttpConfig { trusted_proxies, first_start, ..HttpConfig::new(base_url) };
    serve(program, listener, config).await
}

/// Where there is no practice yet: the way to the first one, and the one line that says how to go it. The code stands nowhere else.
async fn first_start(program: &Program, base_url: &BaseUrl) -> Result<Option<FirstStart>, Failure> {
    if is_in_use(&program.stores).await? {
        return Ok(None);
    }
    let mut bytes = [0; 20];
    OsEntropy.fill(&mut bytes);
    let code = SetUpCode::from_entropy(bytes);
    let page = format!("{}/setup", base_url.as_str());
    tracing::warn!(%page, code = code.reveal(), "there is no practice yet: open the page and type the code, which works once");
    Ok(Some(FirstStart::new(code)))
}

/// The address that is really listened on.
pub(crate) fn local(listener: &TcpListener) -> Result<std::net::SocketAddr, Failure> {
    listener.local_addr().map_err(|error| Failure::unavailable(format!("the address can't be listened on: {error}")))
}

/// Answers requests and runs the workers until the program is told to stop.
pub(crate) async fn serve(program: Program, listener: TcpListener, config: HttpConfig) -> Result<ExitCode, Failure> {
    let mut stop = Stop::new()?;
    let workers = program.workers(&config.base_url)?.start();
    let app = App {
        portal: program.portal.clone(),
        views: program.stores.views.clone(),
        exports: program.stores.exports.clone(),
        config,
        wake: Some(workers.waker()),
    };
    listen::answer(listener, fault::router(app.router()), listen::Limits::default(), stop.asked()).await;
    tracing::info!("stopping");
    // Who presses Ctrl-C now doesn't want to wait. A second SIGTERM says nothing new: supervisors send several.
    let finish = async {
        if tokio::time::timeout(FINISH, workers.stop()).await.is_err() {
            tracing::warn!("a message was still being sent; it goes again at the next start");
        }
        if tokio::time::timeout(FINISH, program.close()).await.is_err() {
            tracing::warn!("the database could not be closed in time");
        }
    };
    tokio::select! {
        () = finish => {}
        _ = stop.interrupt.recv() => tracing::warn!("stopped at once"),
    }
    Ok(ExitCode::SUCCESS)
}

/// What an operator should know before the first request.
fn warn(settings: &Settings) {
    match &settings.mail {
        None => tracing::warn!("no mail server is configured: mail waits until PORTAL_SMTP_URL is set"),
        Some(transport) if transport.in_the_clear_beyond_loopback() => {
            tracing::warn!("mail, and the links in it, goes to the mail server in the clear: prefer smtp+starttls://");
        }
        Some(_) => {}
    }
}

/// The signals that end the program.
pub(crate) struct Stop {
    terminate: Signal,
    interrupt: Signal,
}

impl Stop {
    /// From now on they end the program only by way of [`asked`](Self::asked).
    pub(crate) fn new() -> Result<Self, Failure> {
        let signal =
            |kind| signal(kind).map_err(|error| Failure::fault(format!("signals can't be waited for: {error}")));
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for one of them.
    pub(crate) async fn asked(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
