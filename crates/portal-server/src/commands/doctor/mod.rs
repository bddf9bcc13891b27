//! `portal doctor`: whether everything outside is as the program needs it. It looks and tells, and changes nothing.

mod house;
mod mail;
mod report;
mod sender;
mod store;

use std::{path::Path, process::ExitCode, time::Duration};

use portal_dns::{Finding, State};

use crate::{
    cli::DoctorArgs,
    failure::{Exit, Failure},
    settings::{Settings, raw::Raw},
};

/// How long one check may take, whatever it waits for. All run at once.
const WHOLE: Duration = Duration::from_secs(60);
/// What is said of one that takes longer.
const LATE: &str = "was not done with after 60 s";

/// Looks at everything, and says what was seen.
pub(crate) async fn run(
    settings: Settings,
    raw: &Raw,
    config: Option<&Path>,
    arguments: DoctorArgs,
) -> Result<ExitCode, Failure> {
    let (service, looked, mail, sender) = tokio::join!(
        bounded("service", house::service(&settings)),
        tokio::time::timeout(WHOLE, settings.database.look()),
        bounded("smtp", mail::examine(settings.mail.as_ref())),
        sender::examine(&settings, &arguments, WHOLE),
    );
    let looked = looked.unwrap_or_else(|_| Err(Failure::unavailable(format!("the database {LATE}"))));
    let look = looked.as_ref().ok().and_then(Option::as_ref);
    let secret_key = house::secret_key(&settings, raw, look.and_then(|look| look.practices));
    let mut findings = vec![house::settings(raw, config), house::base_url(&settings), service, secret_key];
    findings.extend(store::judge(&settings.database, &looked));
    findings.extend([store::clock(look), mail]);
    findings.extend(sender);
    report::print(&findings, arguments.json)?;
    let worst = findings.iter().map(|finding| finding.state).max();
    Ok(if worst == Some(State::Fault) { Exit::Refused.into() } else { ExitCode::SUCCESS })
}

/// A check that comes to its end.
async fn bounded(check: &'static str, work: impl Future<Output = Finding>) -> Finding {
    tokio::time::timeout(WHOLE, work).await.unwrap_or_else(|_| late(check))
}

fn late(check: &'static str) -> Finding {
    let mut finding = Finding::new(check);
    finding.fault(
        format!("it {LATE}"),
        "look at the network of this machine: names are resolved slowly, or packets get lost",
    );
    finding
}
