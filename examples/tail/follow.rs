//! What is done again and again to follow a file.

use anyfile::Path;

use crate::TAIL;
use crate::cli::{quoted, reason};
use crate::file::Tail;
use crate::options::Follow;
use crate::output::{Failure, Printer};

impl Tail {
    pub(crate) fn can_be_followed(&self, follow: Follow) -> bool {
        match self.file {
            Some(_) => self.regular,
            None => follow == Follow::Name,
        }
    }

    /// Prints what was appended since the last time.
    pub(crate) async fn print_new(
        &mut self,
        follow: Follow,
        printer: &mut Printer,
    ) -> Result<(), Failure> {
        if follow == Follow::Name && !self.is_stdin() {
            self.follow_name(printer).await?;
        }
        if self.file.is_none() {
            return Ok(());
        }
        if self.len().await? < self.position {
            TAIL.complain(format_args!(
                "{}: file truncated",
                self.title().to_string_lossy()
            ));
            self.seek(0).await?;
        }
        self.print_rest(printer).await
    }

    /// Opens the file that now has the name, if it is another one.
    async fn follow_name(&mut self, printer: &mut Printer) -> Result<(), Failure> {
        let there = Path::new(&self.name).metadata().await;
        let Some(file) = &self.file else {
            // What cannot be opened yet was reported when it went.
            if there.is_ok_and(|there| there.is_file()) && self.open().await.is_ok() {
                self.report("has appeared;  following new file");
            }
            return Ok(());
        };
        let (open, named) = (file.file_id().await, Path::new(&self.name).file_id().await);
        let open = open.map_err(Failure::Read)?;
        if there.is_ok() && named.is_ok_and(|named| named == open) {
            return Ok(());
        }
        let rest = self.print_rest(printer).await;
        self.file = None;
        match there {
            Ok(there) if there.is_file() => {
                self.report("has been replaced;  following new file");
                self.open().await?;
            }
            Ok(_) => self.report("has been replaced with an untailable file"),
            Err(error) => self.report(&format!("has become inaccessible: {}", reason(&error))),
        }
        rest
    }

    fn report(&self, news: &str) {
        TAIL.complain(format_args!("{} {news}", quoted(&self.name)));
    }
}
