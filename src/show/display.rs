//! Where a finished figure goes: below the notebook cell, to a file, or in words to the terminal.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Figure;
use crate::{Error, Result};

/// The environment variable that names the folder for figures shown outside of a notebook.
const FOLDER: &str = "GAN_COURSE_FIGURES";

pub(super) fn show(figure: &Figure) -> Result<()> {
    // evcxr sets this in the process that runs the cells.
    if std::env::var_os("EVCXR_IS_RUNTIME").is_some() {
        print!("{}", notebook_blocks(figure, &figure.png()?));
        return Ok(());
    }
    let png = figure.png()?;
    println!("[figure] {}", figure.text());
    if let Some(folder) = std::env::var_os(FOLDER) {
        static SHOWN: AtomicUsize = AtomicUsize::new(1);
        let number = SHOWN.fetch_add(1, Ordering::Relaxed);
        let path = Path::new(&folder).join(format!("figure-{number:02}.png"));
        write_whole(&path, &png)?;
        write_whole(&path.with_extension("txt"), format!("{}\n", figure.text()).as_bytes())?;
    }
    Ok(())
}

/// What evcxr reads from stdout: one block a MIME type, sent at the end of the cell.
pub(super) fn notebook_blocks(figure: &Figure, png: &[u8]) -> String {
    let (alt, caption, width) = (escaped(figure.text()), escaped(figure.caption()), figure.width());
    let data = STANDARD.encode(png);
    // The white ground is the image's own, so the figure reads the same on Lab's dark theme.
    format!(
        "EVCXR_BEGIN_CONTENT text/html\n\
         <figure style=\"margin:0\"><img alt=\"{alt}\" width=\"{width}\" style=\"max-width:100%;height:auto\" \
         src=\"data:image/png;base64,{data}\"><figcaption>{caption}</figcaption></figure>\n\
         EVCXR_END_CONTENT\n\
         EVCXR_BEGIN_CONTENT text/plain\n{}\nEVCXR_END_CONTENT\n",
        one_line(figure.text()),
    )
}

/// Writes beside the target and renames: a reader sees the whole file or none.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.part", std::process::id()));
    let part = path.with_file_name(name);
    let written = fs::File::create(&part)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&part, path));
    written.map_err(|cause| {
        let _ = fs::remove_file(&part); // the cause matters more than a leftover
        Error::new(format!("write {}", path.display()))
            .actual(cause)
            .next("check the folder and the free space")
    })
}

/// Safe inside an HTML attribute and element, on one line (evcxr's protocol is made of lines).
fn escaped(text: &str) -> String {
    let escapes = [('&', "&amp;"), ('<', "&lt;"), ('>', "&gt;"), ('"', "&quot;"), ('\'', "&#39;")];
    escapes.iter().fold(one_line(text), |text, (from, to)| text.replace(*from, to))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
