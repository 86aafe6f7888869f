// The checks of lesson 07: one block that runs after its cells and sees their variables.
{
    panic!("look {told:?} {kept:?} {:?}", qualities.iter().map(|q| (q.accuracy, q.diversity)).collect::<Vec<_>>());
}
