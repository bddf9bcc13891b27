//! Seals what commands wrote, so that readers see it (J1). A crash between loses nothing: what waits, waits.

use portal_domain::usecase::{Error, Portal};

use crate::workers;

/// Seals the next events of every practice that has some; answers whether there may be more.
///
/// A journal that can't be sealed, because its head was tampered with or its key is gone, keeps no other waiting. Its
/// practice is met again with the next pause, and logged each time: somebody has to look.
pub(crate) async fn seal_next(portal: &Portal) -> Result<bool, Error> {
    let mut more = false;
    for practice in portal.unsealed_practices().await? {
        match portal.seal_next(practice).await {
            Ok(sealed) => more |= sealed,
            Err(error) => {
                workers::count_error("sealer");
                tracing::error!(%practice, %error, "the journal can't be sealed");
            }
        }
    }
    Ok(more)
}
