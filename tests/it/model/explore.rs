//! Breadth-first search: each state once, the nearest first, so that the way to a violation is a shortest one.
//!
//! Whether two states are rightly taken for one is tried as well: of those that were met again, some are visited all the
//! same, and must lead to the same states.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::fmt;
use std::time::{Duration, Instant};

use super::invariant::Violation;
use super::moves::{self, Move};
use super::mutant::Mutant;
use super::server::{Lifetimes, Server};
use super::world::World;

/// What a search found.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) states: usize,
    pub(super) transitions: usize,
    /// So many moves led to the last state.
    pub(super) depth: usize,
    /// No other state can be reached.
    pub(super) is_complete: bool,
    /// So many states were visited again, and led where they did the first time.
    pub(super) twins: usize,
    pub(super) calls: usize,
    pub(super) took: Duration,
    pub(super) violation: Option<Broken>,
}

/// Visits every state, or the first so many, or stops where a promise is broken.
pub(super) fn explore(mutant: Option<Mutant>, lifetimes: Lifetimes, most: usize) -> Report {
    let began = Instant::now();
    let mut server = Server::new(mutant, lifetimes);
    let mut search = Search::new(&server);
    let violation = search.run(&mut server, most).err();
    let twins = search.twins.len();
    if search.waiting.is_empty() && violation.is_none() {
        search.compare_twins(&mut server);
    }
    Report {
        states: search.states,
        transitions: search.transitions,
        depth: search.depth,
        is_complete: search.waiting.is_empty() && violation.is_none(),
        twins,
        calls: server.calls,
        took: began.elapsed(),
        violation,
    }
}

struct Search {
    /// Every state that was reached, and where it leads once that is known.
    seen: HashMap<Key, Future>,
    /// Some of the states that were taken for one that was reached before.
    twins: Vec<(Key, World)>,
    waiting: VecDeque<Reached>,
    /// The living states in which a thief holds an answer.
    robbed: Vec<Reached>,
    ways: Ways,
    states: usize,
    transitions: usize,
    depth: usize,
}

/// What tells a state from others.
type Key = Vec<u8>;
type Future = BTreeSet<Key>;

/// So many states that were met again have one among them that is visited all the same.
const TWINS: usize = 499;

/// A state and how it was reached.
struct Reached {
    key: Key,
    world: World,
    way: usize,
    moves: usize,
}

type Broken = (Violation, Vec<Move>);

impl Search {
    fn new(server: &Server) -> Self {
        let mut world = World::new(server);
        let key = world.settle();
        let seen = HashMap::from([(key.clone(), Future::new())]);
        let first = Reached {
            key,
            world,
            way: 0,
            moves: 0,
        };
        Self {
            seen,
            twins: Vec::new(),
            waiting: VecDeque::from([first]),
            robbed: Vec::new(),
            ways: Ways(vec![(0, None)]),
            states: 0,
            transitions: 0,
            depth: 0,
        }
    }

    fn run(&mut self, server: &mut Server, most: usize) -> Result<(), Broken> {
        while self.states < most
            && let Some(reached) = self.waiting.pop_front()
        {
            self.visit(server, reached)?;
        }
        // Afterwards, so that what is broken at one move is told as that.
        for Reached { world, way, .. } in &self.robbed {
            moves::two_holders(server, world).map_err(|broken| (broken, self.ways.to(*way)))?;
        }
        Ok(())
    }

    fn compare_twins(&self, server: &mut Server) {
        for (key, world) in &self.twins {
            let next = moves::all(server, world).unwrap_or_default();
            let future: Future = next.into_iter().map(|(_, mut it)| it.settle()).collect();
            assert_eq!(future, self.seen[key], "not the same state: {world:?}");
        }
    }

    fn visit(&mut self, server: &mut Server, reached: Reached) -> Result<(), Broken> {
        let Reached {
            key,
            world,
            way,
            moves,
        } = &reached;
        self.depth = *moves;
        self.states += 1;
        let next = moves::all(server, world).map_err(|(broken, last)| {
            let mut steps = self.ways.to(*way);
            steps.extend(last);
            (broken, steps)
        })?;
        self.transitions += next.len();
        let mut future = Future::new();
        for (place, (step, mut world)) in next.into_iter().enumerate() {
            let key = world.settle();
            future.insert(key.clone());
            if !self.seen.contains_key(&key) {
                self.seen.insert(key.clone(), Future::new());
                self.ways.0.push((*way, Some(step)));
                self.waiting.push_back(Reached {
                    key,
                    world,
                    way: self.ways.0.len() - 1,
                    moves: moves + 1,
                });
            } else if (self.transitions + place).is_multiple_of(TWINS) {
                self.twins.push((key, world));
            }
        }
        self.seen.insert(key.clone(), future);
        // Where nobody can be answered any more, nobody holds anything.
        if world.loot.is_some() {
            self.robbed.push(reached);
        }
        Ok(())
    }
}

/// How each state was reached: from which, and by what.
struct Ways(Vec<(usize, Option<Move>)>);

impl Ways {
    fn to(&self, mut node: usize) -> Vec<Move> {
        let mut way = Vec::new();
        while let (before, Some(step)) = self.0[node] {
            way.push(step);
            node = before;
        }
        way.reverse();
        way
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            states,
            transitions,
            depth,
            calls,
            twins,
            ..
        } = self;
        write!(
            formatter,
            "{states} states ({twins} visited twice), {transitions} transitions, {calls} calls of a rule, "
        )?;
        if self.is_complete {
            write!(formatter, "all there are, up to {depth} moves away, ")?;
        } else {
            write!(formatter, "up to {depth} moves away, ")?;
        }
        write!(formatter, "{} ms", self.took.as_millis())?;
        if let Some((violation, way)) = &self.violation {
            let way: Vec<String> = way.iter().map(Move::to_string).collect();
            write!(
                formatter,
                "; {:?} is broken ({}) by {}",
                violation.invariant,
                violation.how,
                way.join(", ")
            )?;
        }
        Ok(())
    }
}
