//! Removing what set-up made. The learner's `work/` and `runs/` are never touched.

use super::checkout::{Checkout, size, size_of};
use super::{launcher, template};
use crate::{Error, Result};

/// Removes `.lab/`; returns a line that says what happened.
///
/// # Errors
/// While kernels run, or when a file can't be removed.
pub fn run(checkout: &Checkout) -> Result<String> {
    let lab = checkout.lab();
    if !lab.exists() {
        return Ok("Nothing to remove: set-up made nothing here.".to_owned());
    }
    let kernels = launcher::running(checkout);
    if kernels > 0 {
        return Err(Error::new("remove what set-up made")
            .expected("no running kernel")
            .actual(kernels)
            .next("close the lab (Ctrl-C where it runs), then run `cargo course clean` again"));
    }
    let bytes = size_of(&lab);
    template::remove(&lab)?;
    Ok(format!("Removed {} ({}). Your work/ and runs/ are as they were.", lab.display(), size(bytes)))
}
