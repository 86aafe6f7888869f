use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use super::*;
use crate::data::decode::tests::{encoded, squares};

const SMALL: FolderConfig = FolderConfig {
    size: Size { channels: 3, height: 8, width: 8 },
    fit: Fit::Crop,
    mirror: false,
    strict: false,
};

/// A folder of files; a name with slashes makes sub-folders.
fn folder(files: &[(&str, Vec<u8>)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    folder
}

fn image(seed: u64, format: &str) -> Vec<u8> {
    encoded(&squares(8, 8, seed), format)
}

/// `(3, 8, 8)` as the set should hold it.
fn planes(seed: u64) -> Vec<u8> {
    let rgb = squares(8, 8, seed).rgb;
    (0..3).flat_map(|channel| rgb.iter().skip(channel).step_by(3).copied().collect::<Vec<_>>()).collect()
}

fn message(folder: &tempfile::TempDir, config: &FolderConfig) -> String {
    let message = Folder::read(folder.path(), config).unwrap_err().to_string();
    assert!(
        message.starts_with(&format!("cannot read the images in {}", folder.path().display())),
        "{message}"
    );
    assert!(message.contains(". Next: ") && !message.contains('\n'), "{message}");
    message
}

#[test]
fn a_folder_of_images_is_read_by_what_the_files_hold() {
    // Wrong and missing endings, sorted by name; JPEG, being lossy, is compared apart.
    let files = folder(&[
        ("b.jpg", image(1, "png")),
        ("a", image(0, "gif")),
        ("c.PNG", image(2, "bmp")),
        ("d.webp", image(3, "webp")),
        (".hidden", b"not looked at".to_vec()),
        (".git/config", b"nor this".to_vec()),
    ]);
    let mut told = Vec::new();
    let read = Folder::read_with(files.path(), &SMALL, |done, all| told.push((done, all))).unwrap();
    assert_eq!(read.images.pixels(), [planes(0), planes(1), planes(2), planes(3)].concat());
    assert_eq!((read.images.classes(), &read.skipped[..], read.notice()), (&[][..], &[][..], None));
    assert_eq!(told.last(), Some(&(4, 4)));
    let strict = Folder::read(files.path(), &FolderConfig { strict: true, mirror: true, ..SMALL }).unwrap();
    assert_eq!(strict.images.len(), 8);
    let grey = FolderConfig { size: Size::square(1, 5), fit: Fit::Pad, ..SMALL };
    assert_eq!(Folder::read(files.path(), &grey).unwrap().images.size(), Size::square(1, 5));
}

#[test]
fn sub_folders_are_classes() {
    let files = folder(&[
        ("dogs/1.png", image(1, "png")),
        ("cats/deep/er/2.png", image(2, "png")),
        ("cats/1.png", image(3, "png")),
        ("README.txt", b"what this is".to_vec()),
    ]);
    let read = Folder::read(files.path(), &SMALL).unwrap();
    assert_eq!(read.images.class_names(), ["cats", "dogs"]);
    assert_eq!(read.images.classes(), [0, 0, 1]);
    assert_eq!(read.images.pixels(), [planes(3), planes(2), planes(1)].concat());
    let notice = read.notice().unwrap();
    assert!(notice.starts_with("skipped 1 file: ") && notice.ends_with("GIF image"), "{notice}");
}

#[test]
fn bad_files_are_skipped_and_listed_or_refused() {
    let jpeg = image(0, "jpeg");
    let mut huge = image(0, "gif");
    huge[6..10].copy_from_slice(&[0xff; 4]);
    let files = folder(&[
        ("cut.jpg", jpeg[..jpeg.len() - 3].to_vec()),
        ("empty.png", Vec::new()),
        ("good.jpg", jpeg),
        ("huge.gif", huge),
        ("notes.txt", b"not an image".to_vec()),
        ("a\nb.txt", b"not one either".to_vec()),
    ]);
    File::create(files.path().join("large.bin")).unwrap().set_len(FILE_LIMIT + 1).unwrap();
    symlink(files.path().join("nowhere"), files.path().join("broken.png")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(files.path().join("socket")).unwrap();

    let read = Folder::read(files.path(), &SMALL).unwrap();
    assert_eq!(read.images.len(), 1);
    let reasons: Vec<String> = read.skipped.iter().map(Skipped::to_string).collect();
    let expected = [
        ("a\\nb.txt: ", "no PNG, JPEG, WebP, BMP or GIF image"),
        ("broken.png: ", "No such file"),
        ("cut.jpg: ", "damaged, truncated or unusual Jpeg: it ends before its last pixel"),
        ("empty.png: ", "the file is empty"),
        ("huge.gif: ", "65535×65535 pixels; at most 65535 a side"),
        ("large.bin: ", "more than 256 MiB"),
        ("notes.txt: ", "no PNG, JPEG, WebP, BMP or GIF image"),
        ("socket: ", "no regular file"),
    ];
    assert_eq!(reasons.len(), expected.len(), "{reasons:#?}");
    for (reason, (name, why)) in reasons.iter().zip(expected) {
        assert!(reason.contains(&format!("/{name}{why}")), "{reason}");
    }
    let notice = read.notice().unwrap();
    assert!(notice.starts_with("skipped 8 files: ") && notice.ends_with("; …"), "{notice}");
    let message = message(&files, &FolderConfig { strict: true, ..SMALL });
    assert!(
        message.contains("expected nothing but images that can be read (strict), found 8 files: "),
        "{message}"
    );
}

#[test]
fn loops_of_links_end() {
    let files = folder(&[("cats/1.png", image(1, "png")), ("dogs/2.png", image(2, "png"))]);
    symlink(files.path(), files.path().join("cats/back")).unwrap();
    symlink("itself", files.path().join("dogs/itself")).unwrap();
    symlink(files.path(), files.path().join("again")).unwrap();
    let read = Folder::read(files.path(), &SMALL).unwrap();
    assert_eq!((read.images.len(), read.images.class_names().len()), (2, 2));
    let reasons: Vec<&str> = read.skipped.iter().map(|file| file.reason.as_str()).collect();
    let back = format!("a link that leads back to {}", files.path().display());
    assert_eq!((reasons[0], reasons[1]), (&back[..], &back[..]));
    assert!(reasons.len() == 3 && reasons[2].contains("symbolic link"), "{reasons:?}");
}

#[test]
fn links_to_images_and_odd_names_are_read() {
    let files = folder(&[("cats/1.png", image(1, "png"))]);
    symlink(files.path().join("cats/1.png"), files.path().join("cats/link")).unwrap();
    let odd = files.path().join(std::ffi::OsStr::from_bytes(b"d\xff\xfegs"));
    fs::create_dir(&odd).unwrap();
    for name in [&b"\xc3\x28.png"[..], b" ", b"new\nline", b"-rf", "日本.png".as_bytes()] {
        fs::write(odd.join(std::ffi::OsStr::from_bytes(name)), image(2, "png")).unwrap();
    }
    let read = Folder::read(files.path(), &FolderConfig { strict: true, ..SMALL }).unwrap();
    assert_eq!((read.images.len(), read.images.class_names()[1].as_str()), (7, "d��gs"));
}

#[test]
fn folders_that_give_no_set_are_errors() {
    let nothing = message(&folder(&[]), &SMALL);
    assert!(
        nothing.contains("expected at least one PNG, JPEG, WebP, BMP or GIF image, found an empty folder")
    );
    let only_text = message(&folder(&[("a.txt", b"a".to_vec())]), &SMALL);
    assert!(only_text.contains("found 1 file: ") && only_text.contains("a.txt: no PNG"), "{only_text}");

    let class = folder(&[("cats/1.png", image(1, "png"))]);
    fs::create_dir(class.path().join("dogs")).unwrap();
    let empty_class = message(&class, &SMALL);
    assert!(empty_class.contains("expected an image in each sub-folder, which is a class, found none in"));
    fs::write(class.path().join("dogs/1.png"), b"").unwrap();
    let bad_class = message(&class, &SMALL);
    assert!(
        bad_class.contains("/dogs: 1 file: ") && bad_class.contains("1.png: the file is empty"),
        "{bad_class}"
    );

    let both = message(&folder(&[("1.png", image(1, "png")), ("cats/2.png", image(1, "png"))]), &SMALL);
    assert!(both.contains("expected images, or a sub-folder for each class of them, found both: "), "{both}");
    let empty_classes = folder(&[]);
    fs::create_dir(empty_classes.path().join("cats")).unwrap();
    assert!(message(&empty_classes, &SMALL).contains("an empty folder"));
}

#[test]
fn what_is_no_folder_or_too_much_is_an_error() {
    let files = folder(&[("1", vec![]), ("2", vec![]), ("3", vec![]), ("4", vec![])]);
    let large = FolderConfig { size: Size::square(3, 20_000), ..SMALL };
    let message = message(&files, &large);
    assert!(message.contains("expected at most 3 images of this size, found 4 files"), "{message}");
    let impossible = FolderConfig { size: Size::square(2, 8), ..SMALL };
    assert!(Folder::read(files.path(), &impossible).is_err());
    for (path, part) in [("1", "expected a folder, found a file"), ("none", "No such file")] {
        let message = Folder::read(files.path().join(path), &SMALL).unwrap_err().to_string();
        assert!(message.contains(part) && message.contains("Next: "), "{message}");
    }
}
