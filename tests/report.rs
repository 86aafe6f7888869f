//! `cargo course report`: a page of whatever a run's folder holds, and an error for what is no run's.
#![cfg(feature = "lab")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use gan_course::data::images::{ImageSet, Size};
use gan_course::lessons::dcgan::{Dcgan, DcganConfig, Source};
use gan_course::lessons::gan::{Gan, GanConfig};
use gan_course::show::Picture;
use gan_course::train::{Pace, Stage, train};

fn report(runs: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gan-course"));
    command.arg("report").args(arguments).env("GAN_COURSE_RUNS", runs);
    command.output().unwrap()
}

/// The page that the report of a run makes.
fn page(runs: &Path, name: &str) -> String {
    let output = report(runs, &[name]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    fs::read_to_string(runs.join(name).join("report.html")).unwrap()
}

/// What every page must be: all in itself, with an alternative to every picture, and nothing but our own HTML.
fn check(page: &str) {
    for outside in ["src=\"http", "href=\"http", "url(", "@import", "<link", "<iframe"] {
        assert!(!page.contains(outside), "{outside}");
    }
    // The scripts are the sliders' own.
    assert_eq!(page.matches("<script").count(), page.matches("<script id=\"slider-").count());
    let images: Vec<&str> = page.split("<img ").skip(1).collect();
    for image in &images {
        let tag = image.split('>').next().unwrap();
        let alt = tag.split("alt=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
        assert!(alt.len() > 20, "an image without a text alternative: {alt}");
        assert!(tag.contains("src=\"data:image/png;base64,"), "an image from elsewhere");
    }
    assert_eq!(page.matches("<section").count(), page.matches("</section>").count());
}

#[test]
fn a_dcgans_page_has_every_part() {
    let runs = tempfile::tempdir().unwrap();
    let config = DcganConfig { batch: 8, latent: 16, source: Source::faces(8), ..DcganConfig::default() };
    let mut dcgan = Dcgan::new(config).unwrap();
    dcgan.core_mut().place(&runs.path().join("faces")).unwrap();
    train(&mut dcgan, 3, &Pace::default()).unwrap();
    let page = page(runs.path(), "faces");
    check(&page);
    for part in ["pictures", "curves", "studies", "settings", "versions", "files"] {
        assert!(page.contains(&format!("<section id=\"{part}\"")), "{part}");
    }
    // Last grid, evolution, animation; losses, scores, gradients; of the studies, the fixed vectors, three of unusual ones, the
    // strongest number, the sheet, the ways, and the spherical one. Two of them are sliders.
    assert_eq!(page.matches("<img ").count(), 3 + 3 + 8);
    assert_eq!(page.matches("<script id=\"slider-").count(), 2);
    assert!(!page.contains("Not here"), "something is said to be missing");
    assert!(page.contains("after the epochs 1, 2, 3") && page.contains("source.faces.count"));
}

#[test]
fn a_run_of_numbers_has_its_lessons_figure_and_no_studies() {
    let runs = tempfile::tempdir().unwrap();
    let mut gan = Gan::new(GanConfig::default()).unwrap();
    gan.core_mut().place(&runs.path().join("gan")).unwrap();
    train(&mut gan, 1_000, &Pace::default()).unwrap();
    let page = page(runs.path(), "gan");
    check(&page);
    assert_eq!(page.matches("<img ").count(), 4, "the game, losses, scores, gradients");
    assert!(page.contains("each point the mean of 4 steps") && !page.contains("id=\"studies\""));
}

#[test]
fn what_a_run_lacks_is_said_and_what_it_has_is_escaped() {
    let runs = tempfile::tempdir().unwrap();
    // A folder that somebody made by hand: its name and its settings are hostile.
    let name = "<script>alert('x')&";
    let folder = runs.path().join(name);
    fs::create_dir_all(folder.join("samples")).unwrap();
    let grey = ImageSet::new(Size::square(1, 8), vec![90; 64]).unwrap();
    fs::write(
        folder.join("samples/generated-images-0001.png"),
        Picture::grid(&grey, 8).unwrap().png().unwrap(),
    )
    .unwrap();
    fs::write(folder.join("samples/generated-images-0002.png"), "no picture").unwrap();
    fs::write(folder.join("metrics.jsonl"), "{\"step\":1,\"loss\":null}\n{\"step\":2,\"lo").unwrap();
    let config = "{\"stage\":\"dcgan\",\"config\":{\"a\":\"</table><script>\"},\"until\":5,\"every\":1}";
    fs::write(folder.join("config.json"), config).unwrap();
    fs::write(folder.join("checkpoint.safetensors"), "damaged").unwrap();
    let page = page(runs.path(), name);
    check(&page);
    assert!(page.contains("<h1>Run &lt;script&gt;alert('x')&amp;</h1>"), "the name");
    assert!(page.contains("&lt;/table&gt;&lt;script&gt;"), "the setting");
    assert_eq!(
        page.matches("Not here:").count(),
        6,
        "checkpoint, last samples, evolution, animation, losses, studies"
    );
}

#[test]
fn a_folder_that_is_no_run_is_refused_and_nothing_is_written() {
    let runs = tempfile::tempdir().unwrap();
    let mut gan = Gan::new(GanConfig::default()).unwrap();
    gan.core_mut().place(&runs.path().join("gan-k3")).unwrap();
    train(&mut gan, 1, &Pace::default()).unwrap();
    fs::create_dir(runs.path().join("empty")).unwrap();
    for name in ["empty", "missing"] {
        let output = report(runs.path(), &[name]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.lines().count() == 1, "{said}");
        assert!(said.contains(&format!("cannot report on {name}: expected a run in")), "{said}");
        assert!(said.contains("found gan-k3. Next: choose one of these"), "{said}");
    }
    assert!(!runs.path().join("empty/report.html").exists() && !runs.path().join("missing").exists());
    // A file where a folder belongs: the page is not written, and the error says where.
    let out = runs.path().join("gan-k3/config.json/page.html");
    let output = report(runs.path(), &["gan-k3", "--out", out.to_str().unwrap()]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("cannot write"), "{said}");
    let out = runs.path().join("page.html");
    assert!(report(runs.path(), &["gan-k3", "--out", out.to_str().unwrap()]).status.success());
    check(&fs::read_to_string(out).unwrap());
    assert!(!runs.path().join("gan-k3/report.html").exists());
}
