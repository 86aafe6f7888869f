//! Videos are read back by other code than wrote them: the file by `re_mp4`, the frames by OpenH264's decoder.

use std::fs;

use openh264::decoder::Decoder;
use openh264::formats::YUVSource;
use tempfile::TempDir;

use super::writer::even;
use super::*;
use crate::data::faces::Faces;

/// A frame that changes smoothly over place and time.
fn frame(width: usize, height: usize, time: usize) -> Picture {
    let colour = |x: usize, y: usize| {
        let ramp = |value: usize, length: usize| (value * 200 / length) as u8;
        [ramp(x, width) + 20, ramp(y, height) + 20, (time * 5 % 200) as u8 + 20]
    };
    let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    Picture::new(width, height, places.flat_map(|(x, y)| colour(x, y)).collect()).unwrap()
}

fn written(folder: &TempDir, name: &str, frames: &[Picture]) -> Video {
    let path = folder.path().join(name);
    let mut writer = Video::create(path, frames[0].width(), frames[0].height(), RATE).unwrap();
    frames.iter().for_each(|frame| writer.push(frame).unwrap());
    writer.finish().unwrap()
}

/// What a player finds in the file.
struct Played {
    size: (usize, usize),
    codec: String,
    seconds: f64,
    /// In seconds, of each frame.
    durations: Vec<f64>,
    keyframes: Vec<usize>,
    /// `(H, W, 3)` each.
    frames: Vec<Vec<u8>>,
}

fn played(video: &Video) -> Played {
    let (mp4, bytes) = re_mp4::Mp4::read_file(video.path()).unwrap();
    assert_eq!(mp4.tracks().len(), 1);
    let track = mp4.tracks().values().next().unwrap();
    let stsd = &track.trak(&mp4).mdia.minf.stbl.stsd;
    let re_mp4::StsdBoxContent::Avc1(avc1) = &stsd.contents else { panic!("no avc1") };
    let mut decoder = Decoder::new().unwrap();
    let start = |unit: &[u8]| [&[0, 0, 0, 1], unit].concat();
    let mut stream = start(&avc1.avcc.sequence_parameter_sets[0].bytes);
    stream.extend(start(&avc1.avcc.picture_parameter_sets[0].bytes));
    let mut size = (0, 0);
    let mut frames = Vec::new();
    for sample in &track.samples {
        let mut rest = &bytes[sample.byte_range()];
        while let Some((length, after)) = rest.split_first_chunk::<4>() {
            let (unit, after) = after.split_at(u32::from_be_bytes(*length) as usize);
            stream.extend(start(unit));
            rest = after;
        }
        let image = decoder.decode(&stream).unwrap().expect("every sample is a frame");
        size = image.dimensions();
        let mut pixels = vec![0; size.0 * size.1 * 3];
        image.write_rgb8(&mut pixels);
        frames.push(pixels);
        stream.clear();
    }
    let time = |ticks: u64| ticks as f64 / track.timescale as f64;
    let keyframes = track.samples.iter().enumerate().filter(|(_, sample)| sample.is_sync).map(|(i, _)| i);
    Played {
        size,
        codec: track.codec_string(&mp4).unwrap(),
        seconds: time(track.duration),
        durations: track.samples.iter().map(|sample| time(sample.duration)).collect(),
        keyframes: keyframes.collect(),
        frames,
    }
}

/// Peak signal-to-noise ratio in decibels; 8-bit pixels.
fn psnr(a: &[u8], b: &[u8]) -> f64 {
    assert_eq!(a.len(), b.len());
    let squares: f64 = a.iter().zip(b).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum();
    10.0 * (255.0 * 255.0 * a.len() as f64 / squares).log10()
}

#[test]
fn a_player_finds_the_frames_that_went_in() {
    let folder = TempDir::new().unwrap();
    let frames: Vec<Picture> = (0..32).map(|time| frame(64, 48, time)).collect();
    let video = written(&folder, "a.mp4", &frames);
    let played = played(&video);
    assert_eq!(played.size, (64, 48));
    assert!(played.codec.starts_with("avc1.42"), "{}: Baseline, which every browser plays", played.codec);
    assert_eq!((played.frames.len(), video.frames()), (32, 32));
    let (last, others) = played.durations.split_last().unwrap();
    assert!(others.iter().all(|seconds| (seconds - 1.0 / 15.0).abs() <= 1e-9), "{others:?}");
    assert_eq!(*last, 1.0, "the last frame stays");
    assert!((played.seconds - video.seconds()).abs() <= 1e-9, "{} {}", played.seconds, video.seconds());
    assert_eq!(played.keyframes, [0, 30], "seeking needs them");
    for (index, (found, frame)) in played.frames.iter().zip(&frames).enumerate() {
        let psnr = psnr(found, frame.pixels());
        assert!(psnr >= 36.0, "frame {index}: {psnr} dB");
    }
    // Which frame is which: neighbours in time are farther away than the frame itself.
    let (own, next) =
        (psnr(&played.frames[20], frames[20].pixels()), psnr(&played.frames[20], frames[22].pixels()));
    assert!(own > next, "{own} {next}");
}

#[test]
fn grids_of_faces_survive() {
    let folder = TempDir::new().unwrap();
    let grids: Vec<Picture> =
        (0..3).map(|seed| Picture::grid(Faces::sample(16, 32, seed).unwrap().images(), 8).unwrap()).collect();
    let played = played(&written(&folder, "faces.mp4", &grids));
    for (found, grid) in played.frames.iter().zip(&grids) {
        // Colours are halved in both directions; their sharp edges are what is lost.
        let psnr = psnr(found, grid.pixels());
        assert!(psnr >= 25.0, "{psnr} dB");
    }
}

#[test]
fn odd_sizes_single_frames_and_long_videos_play() {
    let folder = TempDir::new().unwrap();
    let odd = frame(33, 17, 3);
    let (width, height, pixels) = even(&odd);
    assert_eq!((width, height), (34, 18));
    assert_eq!(pixels[32 * 3..33 * 3], pixels[33 * 3..34 * 3]);
    assert_eq!(pixels[16 * 34 * 3..17 * 34 * 3], pixels[17 * 34 * 3..]);
    let single = played(&written(&folder, "odd.mp4", &[odd]));
    assert_eq!((single.size, single.frames.len(), single.durations), ((34, 18), 1, vec![1.0]));
    // So small a ramp is steep: halved colours lose more of it.
    let psnr = psnr(&single.frames[0], &pixels);
    assert!(psnr >= 28.0, "{psnr} dB");
    let long: Vec<Picture> = (0..330).map(|time| frame(32, 32, time)).collect();
    let long = played(&written(&folder, "long.mp4", &long));
    assert_eq!(long.frames.len(), 330);
    assert!((long.seconds - (329.0 / 15.0 + 1.0)).abs() <= 1e-9, "{}", long.seconds);
}

#[test]
fn the_same_frames_give_the_same_bytes() {
    let folder = TempDir::new().unwrap();
    let frames: Vec<Picture> = (0..5).map(|time| frame(40, 40, time)).collect();
    let (a, b) = (written(&folder, "a.mp4", &frames), written(&folder, "b.mp4", &frames));
    assert_eq!(fs::read(a.path()).unwrap(), fs::read(b.path()).unwrap());
}

#[test]
fn what_fails_leaves_no_file_and_what_was_there() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.mp4");
    fs::write(&path, "old").unwrap();
    let mut writer = Video::create(&path, 32, 32, 15).unwrap();
    writer.push(&frame(32, 32, 0)).unwrap();
    let error = writer.push(&frame(32, 34, 0)).unwrap_err().to_string();
    assert!(error.starts_with("cannot add frame 2 to ") && error.contains("32×34"), "{error}");
    drop(writer);
    let error = Video::create(&path, 32, 32, 15).unwrap().finish().unwrap_err().to_string();
    assert!(error.contains("expected at least one frame, found none"), "{error}");
    assert_eq!(fs::read(&path).unwrap(), b"old");
    // A folder where the file belongs, and a folder that isn't there.
    fs::create_dir(folder.path().join("b.mp4")).unwrap();
    let mut writer = Video::create(folder.path().join("b.mp4"), 32, 32, 15).unwrap();
    writer.push(&frame(32, 32, 0)).unwrap();
    assert!(writer.finish().unwrap_err().to_string().contains("b.mp4"));
    assert!(Video::create(folder.path().join("none/a.mp4"), 32, 32, 15).is_err());
    let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = names.collect();
    names.sort();
    assert_eq!(names, ["a.mp4", "b.mp4"], "no .part is left");
    for (width, height, rate) in [(15, 32, 15), (32, 3842, 15), (2400, 2400, 15), (32, 32, 0), (32, 32, 241)]
    {
        assert!(Video::create(&path, width, height, rate).is_err(), "{width}×{height} at {rate}");
    }
}

#[test]
fn a_runs_pictures_become_its_video() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("samples")).unwrap();
    let save = |epoch: usize, picture: &Picture| {
        let name = format!("samples/generated-images-{epoch:04}.png");
        fs::write(folder.path().join(name), picture.png().unwrap()).unwrap();
    };
    for epoch in [1, 2, 10, 9999, 10000] {
        save(epoch, &frame(34, 34, epoch % 37));
    }
    let video = Video::of_samples(folder.path()).unwrap();
    assert_eq!(video.path(), folder.path().join("training.mp4"));
    let played = played(&video);
    for (found, epoch) in played.frames.iter().zip([1, 2, 10, 9999, 10000]) {
        assert!(psnr(found, frame(34, 34, epoch % 37).pixels()) >= 33.0, "epoch {epoch}");
    }
    let first = fs::read(video.path()).unwrap();
    save(11, &frame(36, 34, 0));
    let error = Video::of_samples(folder.path()).unwrap_err().to_string();
    assert!(error.contains("generated-images-0011.png") && error.contains("36×34"), "{error}");
    fs::write(folder.path().join("samples/generated-images-0011.png"), "no picture").unwrap();
    let error = Video::of_samples(folder.path()).unwrap_err().to_string();
    assert!(error.contains("generated-images-0011.png") && error.contains("Next: "), "{error}");
    assert_eq!(fs::read(video.path()).unwrap(), first, "the old video is still there");
}

#[test]
fn the_notebook_gets_a_player_with_words() {
    let exhibit =
        Exhibit { medium: Medium::Video, width: 300, caption: "A < B", alt: "a \"face\"", bytes: b"mp4" };
    let blocks = exhibit.notebook_blocks("");
    for part in [
        "<video controls loop muted playsinline aria-label=\"a &quot;face&quot;\"",
        "src=\"data:video/mp4;base64,bXA0\"",
        "<figcaption>A &lt; B</figcaption>",
        "EVCXR_BEGIN_CONTENT text/plain\na \"face\"\n",
    ] {
        assert!(blocks.contains(part), "{blocks} lacks {part}");
    }
    let bare = Exhibit { caption: " ", ..exhibit };
    assert!(bare.check().unwrap_err().to_string().contains("a caption"));
}
