//! Encodes frames as they come and writes the MP4 file beside its final name.

use std::fs::{self, File};
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::num::NonZeroU32;
use std::path::PathBuf;

use openh264::OpenH264API;
use openh264::encoder::{
    Encoder, EncoderConfig, FrameRate, FrameType, IntraFramePeriod, Profile, QpRange, RateControlMode,
    VuiConfig,
};
use openh264::formats::{RgbSliceU8, YUVBuffer};
use openh264::nal_units;
use shiguredo_mp4::boxes::{Avc1Box, AvccBox, SampleEntry, VisualSampleEntryFields};
use shiguredo_mp4::mux::{Mp4FileMuxer, Sample};
use shiguredo_mp4::{TrackKind, Uint};

use super::super::Picture;
use super::super::display::{part_of, unwritable};
use super::Video;
use crate::{Error, Result};

/// The encoder's quantiser, 0 (finest) to 51: at 18 the loss of H.264 itself is hardly seen.
const QUANTISER: u8 = 18;
/// Frames from one that stands for itself to the next: so far a player has to go back when one seeks.
const KEYFRAMES: u32 = 30;

/// A video in the making. Dropped before [`finish`](Self::finish), it leaves no file.
pub struct VideoWriter {
    video: Video,
    part: PathBuf,
    file: BufWriter<File>,
    /// Where the next frame's bytes go.
    position: u64,
    encoder: Encoder,
    muxer: Mp4FileMuxer,
    /// The last frame, whose duration is known when the next one comes or none does.
    pending: Option<Sample>,
    finished: bool,
}

impl VideoWriter {
    pub(super) fn new(video: Video) -> Result<Self> {
        let failed = |cause: String| Error::new("make a video").actual(cause);
        // One thread and a fixed quantiser: the same frames give the same bytes on every machine, and a video of
        // noise isn't blurred to keep a rate.
        let config = EncoderConfig::new()
            .profile(Profile::Baseline)
            .rate_control_mode(RateControlMode::Off)
            .qp(QpRange::new(QUANTISER, QUANTISER))
            .skip_frames(false)
            .scene_change_detect(false)
            .adaptive_quantization(false)
            .background_detection(false)
            .num_threads(1)
            .max_frame_rate(FrameRate::from_hz(video.rate as f32))
            .intra_frame_period(IntraFramePeriod::from_num_frames(KEYFRAMES))
            .vui(VuiConfig::bt601());
        let encoder = Encoder::with_api_config(OpenH264API::from_source(), config)
            .map_err(|cause| failed(cause.to_string()))?;
        let muxer = Mp4FileMuxer::new().map_err(|cause| failed(cause.to_string()))?;
        let part = part_of(&video.path);
        let file = File::create(&part).map_err(|cause| unwritable(&video.path, cause))?;
        let file = BufWriter::new(file);
        let position = muxer.initial_boxes_bytes().len() as u64;
        let mut writer = Self { video, part, file, position, encoder, muxer, pending: None, finished: false };
        let beginning = writer.muxer.initial_boxes_bytes().to_vec();
        writer.write(&beginning)?;
        Ok(writer)
    }

    /// Adds a frame.
    ///
    /// # Errors
    /// The picture hasn't the video's size, or the file can't be written.
    pub fn push(&mut self, picture: &Picture) -> Result<()> {
        self.video.check(picture)?;
        let (width, height, pixels) = even(picture);
        let frame = YUVBuffer::from_rgb8_source(RgbSliceU8::new(&pixels, (width, height)));
        let stream = self.encoder.encode(&frame).map_err(|cause| failed(self.video.frames, cause))?;
        let keyframe = stream.frame_type() == FrameType::IDR;
        let (mut units, mut parameters) = (Vec::new(), Parameters::default());
        for unit in nal_units(&stream.to_vec()).map(without_start_code) {
            // The low five bits name the unit's kind (H.264, table 7-1).
            match unit.first().map(|byte| byte & 31) {
                Some(7) => parameters.sequence = unit.to_vec(),
                Some(8) => parameters.picture = unit.to_vec(),
                _ => {
                    units.extend_from_slice(&(unit.len() as u32).to_be_bytes());
                    units.extend_from_slice(unit);
                }
            }
        }
        let sample_entry = match (self.video.frames, parameters.sequence.len()) {
            (0, 4..) => Some(parameters.entry(width as u16, height as u16)),
            (0, _) => return Err(failed(0, "the encoder gave no parameters")),
            _ => None,
        };
        self.settle(1)?;
        self.write(&units)?;
        self.pending = Some(Sample {
            track_kind: TrackKind::Video,
            sample_entry,
            keyframe,
            timescale: NonZeroU32::new(self.video.rate).unwrap_or(NonZeroU32::MIN),
            duration: 1,
            composition_time_offset: None,
            data_offset: self.position,
            data_size: units.len(),
        });
        self.position += units.len() as u64;
        self.video.frames += 1;
        Ok(())
    }

    /// Completes the file and puts it in its place. The last frame stays for a second: what training led to is to be
    /// seen before a player begins again.
    ///
    /// # Errors
    /// No frame was added, or the file can't be written.
    pub fn finish(mut self) -> Result<Video> {
        if self.video.frames == 0 {
            return Err(Error::new("make a video")
                .expected("at least one frame")
                .actual("none")
                .next("push a picture before finish"));
        }
        self.settle(self.video.rate)?;
        let boxes = self.muxer.finalize().map_err(|cause| failed(self.video.frames, cause))?;
        let written = (|| {
            for (offset, bytes) in boxes.offset_and_bytes_pairs() {
                self.file.seek(SeekFrom::Start(offset))?;
                self.file.write_all(bytes)?;
            }
            self.file.flush()?;
            self.file.get_ref().sync_all()?;
            fs::rename(&self.part, &self.video.path)
        })();
        written.map_err(|cause| unwritable(&self.video.path, cause))?;
        self.finished = true;
        Ok(self.video.clone())
    }

    /// Enters the last frame into the file's table.
    fn settle(&mut self, duration: u32) -> Result<()> {
        let Some(sample) = self.pending.take() else { return Ok(()) };
        let sample = Sample { duration, ..sample };
        self.muxer.append_sample(&sample).map_err(|cause| failed(self.video.frames, cause))
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).map_err(|cause| unwritable(&self.video.path, cause))
    }
}

impl Drop for VideoWriter {
    fn drop(&mut self) {
        if !self.finished {
            let _ = fs::remove_file(&self.part); // whatever ended the video matters more than a leftover
        }
    }
}

impl Video {
    fn check(&self, picture: &Picture) -> Result<()> {
        if (picture.width(), picture.height()) == (self.width, self.height) {
            return Ok(());
        }
        Err(Error::new(format!("add frame {} to {}", self.frames + 1, self.path.display()))
            .expected(format!("{}×{} pixels, as the video has", self.width, self.height))
            .actual(format!("{}×{}", picture.width(), picture.height()))
            .next("give all frames one size"))
    }
}

/// What a decoder has to know before the first frame.
#[derive(Default)]
struct Parameters {
    sequence: Vec<u8>,
    picture: Vec<u8>,
}

impl Parameters {
    fn entry(self, width: u16, height: u16) -> SampleEntry {
        SampleEntry::Avc1(Avc1Box {
            visual: VisualSampleEntryFields {
                data_reference_index: VisualSampleEntryFields::DEFAULT_DATA_REFERENCE_INDEX,
                width,
                height,
                horizresolution: VisualSampleEntryFields::DEFAULT_HORIZRESOLUTION,
                vertresolution: VisualSampleEntryFields::DEFAULT_VERTRESOLUTION,
                frame_count: VisualSampleEntryFields::DEFAULT_FRAME_COUNT,
                compressorname: VisualSampleEntryFields::NULL_COMPRESSORNAME,
                depth: VisualSampleEntryFields::DEFAULT_DEPTH,
            },
            avcc_box: AvccBox {
                // Profile, its constraints and level stand at the beginning of the sequence parameters.
                avc_profile_indication: self.sequence[1],
                profile_compatibility: self.sequence[2],
                avc_level_indication: self.sequence[3],
                length_size_minus_one: Uint::new(3),
                sps_list: vec![self.sequence],
                pps_list: vec![self.picture],
                chroma_format: None,
                bit_depth_luma_minus8: None,
                bit_depth_chroma_minus8: None,
                sps_ext_list: Vec::new(),
            },
            unknown_boxes: Vec::new(),
        })
    }
}

fn without_start_code(unit: &[u8]) -> &[u8] {
    let zeros = unit.iter().take_while(|&&byte| byte == 0).count();
    unit.get(zeros + 1..).unwrap_or_default()
}

/// The picture with even sides, as 4:2:0 colour needs: the last column and row are repeated where they are odd.
pub(super) fn even(picture: &Picture) -> (usize, usize, Vec<u8>) {
    let (width, height) = (picture.width().next_multiple_of(2), picture.height().next_multiple_of(2));
    let mut pixels = Vec::with_capacity(width * height * 3);
    for row in picture.pixels().chunks_exact(picture.width() * 3) {
        pixels.extend_from_slice(row);
        if width > picture.width() {
            pixels.extend_from_slice(&row[row.len() - 3..]);
        }
    }
    if height > picture.height() {
        pixels.extend_from_within(pixels.len() - width * 3..);
    }
    (width, height, pixels)
}

fn failed(frame: u64, cause: impl std::fmt::Display) -> Error {
    Error::new(format!("encode frame {} of a video", frame + 1))
        .actual(cause)
        .next("try fewer or smaller images")
}
