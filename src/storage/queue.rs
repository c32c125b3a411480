//! A bounded queue between those who ask and the threads that work: full means no, at once.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, PoisonError};

/// A first-in, first-out queue of at most `length` items.
pub(super) struct Queue<T> {
    length: usize,
    state: Mutex<State<T>>,
    changed: Condvar,
}

struct State<T> {
    items: VecDeque<T>,
    closed: bool,
}

impl<T> Queue<T> {
    pub(super) fn new(length: usize) -> Self {
        Self {
            length,
            state: Mutex::new(State {
                items: VecDeque::new(),
                closed: false,
            }),
            changed: Condvar::new(),
        }
    }

    /// Adds an item; gives it back when the queue is full or closed.
    pub(super) fn push(&self, item: T) -> Result<(), T> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.closed || state.items.len() >= self.length {
            return Err(item);
        }
        state.items.push_back(item);
        drop(state);
        self.changed.notify_one();
        Ok(())
    }

    /// Takes all that wait, at most `most`; waits for one only when there is none. Empty once the queue is closed and
    /// drained.
    pub(super) fn take(&self, most: usize) -> Vec<T> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        while state.items.is_empty() && !state.closed {
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        let count = most.min(state.items.len());
        state.items.drain(..count).collect()
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.items.len()
    }

    /// Lets nothing more in.
    pub(super) fn close(&self) {
        self.state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .closed = true;
        self.changed.notify_all();
    }
}
