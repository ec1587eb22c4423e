//! Work on many things at once whose results come in the order of the things, in bounded memory.

use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};

/// How many things are worked on between two writings, for each thread. More would hold more results in memory, fewer would let
/// threads wait for each other: at 8, two threads lose 3 % to waiting on messages of 40 KB.
const AHEAD: usize = 8;

/// Does `work` on each of `things`, and `write` with the results in order. While one part is written, the next is worked on.
///
/// `write` returns whether to go on.
pub fn in_order<T: Send, R: Send>(
    mut things: impl Iterator<Item = T> + Send,
    work: impl Fn(T) -> R + Sync,
    mut write: impl FnMut(R) -> bool + Send,
) {
    let size = rayon::current_num_threads() * AHEAD;
    let mut part: Vec<T> = things.by_ref().take(size).collect();
    let mut done: Vec<R> = Vec::new();
    let mut go_on = true;
    while go_on && !(part.is_empty() && done.is_empty()) {
        let write = &mut write;
        let things = &mut things;
        let finished = std::mem::take(&mut done);
        let ((next, may_go_on), results) = rayon::join(
            move || {
                let may_go_on = finished.into_iter().all(write);
                (things.take(size).collect::<Vec<T>>(), may_go_on)
            },
            || part.into_par_iter().with_max_len(1).map(&work).collect::<Vec<R>>(),
        );
        (part, done, go_on) = (next, results, may_go_on);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_things() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
        let mut seen = Vec::new();
        pool.install(|| {
            in_order(
                0..1000,
                |n| n * 2,
                |n| {
                    seen.push(n);
                    true
                },
            );
        });
        assert_eq!(seen, (0..1000).map(|n| n * 2).collect::<Vec<_>>());
    }

    #[test]
    fn it_ends_when_the_writer_says_so() {
        let mut seen = 0;
        in_order(
            0..,
            |n| n,
            |_| {
                seen += 1;
                seen < 10
            },
        );
        assert_eq!(seen, 10);
    }
}
