use super::*;
use crate::tensor::{device, values};
use dfdx::prelude::HasShape;

fn counting(size: Size, count: usize) -> ImageSet {
    let bytes = count * size.bytes().unwrap();
    ImageSet::new(size, (0..bytes).map(|i| i as u8).collect()).unwrap()
}

#[test]
fn bytes_survive_the_way_to_a_network_and_back() {
    for value in 0..=255 {
        assert_eq!(byte(signed(value)), value);
    }
    assert_eq!([byte(-7.0), byte(7.0), byte(f32::NAN)], [0, 255, 0]);
}

#[test]
fn a_batch_holds_the_chosen_images_in_their_order() {
    let set = counting(Size { channels: 3, height: 2, width: 4 }, 5);
    let batch = set.batch::<3>(&device().unwrap(), &[4, 0, 4]).unwrap();
    assert_eq!(batch.shape(), &(3, Const::<3>, 2, 4));
    let expected: Vec<f32> =
        [96..120u8, 0..24, 96..120].into_iter().flatten().map(|x| f32::from(x) / 127.5 - 1.0).collect();
    assert_eq!(values(&batch), expected);
    assert_eq!(values(&set.batch::<3>(&device().unwrap(), &[]).unwrap()), [0.0; 0]);
}

#[test]
fn classes_go_with_their_images() {
    let names = vec!["a".to_string(), "b".to_string()];
    let set = counting(Size::square(1, 1), 3).with_classes(names, vec![0, 1, 1]).unwrap();
    assert_eq!(set.select(&[2, 0]).unwrap().classes(), [1, 0]);
    assert_eq!(set.select(&[2, 0]).unwrap().pixels(), [2, 0]);
    assert_eq!(set.with_mirror_images().unwrap().classes(), [0, 1, 1, 0, 1, 1]);
    assert_eq!(set.padded(1).unwrap().class_names(), ["a", "b"]);
}

#[test]
fn borders_and_mirror_images_are_where_they_belong() {
    let set = ImageSet::new(Size { channels: 1, height: 1, width: 3 }, vec![1, 2, 3, 4, 5, 6]).unwrap();
    assert_eq!(set.with_mirror_images().unwrap().pixels(), [1, 2, 3, 4, 5, 6, 3, 2, 1, 6, 5, 4]);
    let padded = set.padded(1).unwrap();
    assert_eq!(padded.size(), Size { channels: 1, height: 3, width: 5 });
    assert_eq!(padded.image(1).unwrap(), [0, 0, 0, 0, 0, 0, 4, 5, 6, 0, 0, 0, 0, 0, 0]);
}

#[test]
fn what_does_not_fit_is_an_error() {
    let set = counting(Size::square(1, 2), 2);
    let dev = device().unwrap();
    let messages = [
        (ImageSet::new(Size::square(2, 2), vec![]).map(drop), "1 or 3 channels"),
        (ImageSet::new(Size::square(3, 0), vec![]).map(drop), "3 channels of 0×0"),
        (ImageSet::new(Size::square(3, usize::MAX), vec![]).map(drop), "choose another size"),
        (ImageSet::new(Size::square(1, 2), vec![0; 5]).map(drop), "a multiple of 4 bytes"),
        (set.with_classes(vec![], vec![0, 0]).map(drop), "classes below 0, found 0"),
        (set.with_classes(vec!["a".into()], vec![0]).map(drop), "expected 2 classes, found 1"),
        (set.image(2).map(drop), "expected an index below 2, found 2"),
        (set.select(&[0, 9]).map(drop), "expected an index below 2, found 9"),
        (set.padded(usize::MAX).map(drop), "choose another size"),
        (set.padded(40_000).map(drop), "choose"),
        (
            set.batch::<3>(&dev, &[0]).map(drop),
            "expected 3 channels, as the network takes, found a set with 1",
        ),
        (set.batch::<1>(&dev, &[2]).map(drop), "expected an index below 2, found 2"),
    ];
    for (result, part) in messages {
        let message = result.unwrap_err().to_string();
        assert!(message.contains(part) && message.contains("Next: "), "{message}");
    }
}
