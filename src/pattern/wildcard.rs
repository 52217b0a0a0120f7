//! Matching sequences against sequences with stars: the characters of a name, and the names of a path.

/// Returns `true` if `pattern` matches all `items`. `None` in it matches any number of items.
pub(super) fn matches<P, I>(
    pattern: &[Option<P>],
    mut items: I,
    takes: impl Fn(&P, &I::Item) -> bool,
) -> bool
where
    I: Iterator + Clone,
{
    let mut pattern = pattern;
    // After the last star: the pattern, and the first item that the star has not taken yet.
    let mut retry: Option<(&[Option<P>], I)> = None;
    loop {
        match pattern.split_first() {
            Some((None, [])) => return true,
            Some((None, after)) => {
                retry = Some((after, items.clone()));
                pattern = after;
                continue;
            }
            Some((Some(one), after)) => match items.next() {
                Some(item) if takes(one, &item) => {
                    pattern = after;
                    continue;
                }
                Some(_) => {}
                // If the star took more, even fewer items would be left.
                None => return false,
            },
            None if items.next().is_none() => return true,
            None => {}
        }
        let Some((after, untaken)) = &mut retry else {
            return false;
        };
        if untaken.next().is_none() {
            return false;
        }
        pattern = after;
        items = untaken.clone();
    }
}
