//! A Rust host: HOST FOLDER runs the models of the folder in every way and holds them to the outputs there, bit for bit. One line for each check.

#![deny(warnings)]

use rnnruntime::{kernels, start, status_name, version, Element, ElementType, Error, Model, ModelOptions, Session, SessionInfo, Tensor};
use std::path::{Path, PathBuf};
use std::{env, fs, process, thread};

type Checked = Result<(), String>;

struct Checks {
    failures: usize,
}

impl Checks {
    fn check(&mut self, name: &str, body: impl FnOnce() -> Checked) {
        match body() {
            Ok(()) => println!("ok {name}"),
            Err(problem) => {
                self.failures += 1;
                println!("FAILED {name}: {problem}");
            }
        }
    }

    /// The result is an error of this status whose text names these words.
    fn fails<T>(&mut self, name: &str, status: i32, words: &[&str], result: Result<T, Error>) {
        self.check(&format!("error: {name}"), || match result {
            Ok(_) => Err("no error".into()),
            Err(error) if error.status == status && !error.text.is_empty() && words.iter().all(|word| error.text.contains(word)) => Ok(()),
            Err(error) => Err(format!("'{error}' instead of status {status} with the words {words:?}")),
        });
    }
}

/// Memory for a session, at an address that it takes.
struct Aligned {
    bytes: Vec<u8>,
    start: usize,
    length: usize,
}

impl Aligned {
    fn new(info: &SessionInfo) -> Self {
        let bytes = vec![0; info.memory_bytes + info.memory_alignment];
        let start = bytes.as_ptr().align_offset(info.memory_alignment);
        Aligned { bytes, start, length: info.memory_bytes }
    }

    fn bytes(&mut self) -> &mut [u8] {
        &mut self.bytes[self.start..self.start + self.length]
    }
}

fn text(error: Error) -> String {
    error.to_string()
}

/// A model with its input and its output of all steps.
struct Recording<T> {
    name: &'static str,
    path: PathBuf,
    model: Model,
    input: Vec<T>,
    output: Vec<f32>,
    input_tensor: Tensor,
    output_size: usize,
    steps: usize,
}

fn read<T>(path: &Path, value: impl Fn([u8; 4]) -> T) -> Result<Vec<T>, String> {
    let bytes = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(bytes.chunks_exact(4).map(|four| value([four[0], four[1], four[2], four[3]])).collect())
}

impl<T: Element + Sync> Recording<T> {
    fn load(folder: &Path, name: &'static str, suffix: &str, value: impl Fn([u8; 4]) -> T) -> Result<Self, String> {
        let path = folder.join(format!("{name}.rnn"));
        let model = Model::load(&path.to_string_lossy(), &ModelOptions::default()).map_err(text)?;
        let input = read(&folder.join(format!("{name}-input.{suffix}")), value)?;
        let output = read(&folder.join(format!("{name}-output.f32")), f32::from_le_bytes)?;
        let input_tensor = model.inputs().map_err(text)?[0].clone();
        let output_size = model.outputs().map_err(text)?[0].element_count;
        let steps = input.len() / input_tensor.element_count;
        if steps < 2 || output.len() != steps * output_size {
            return Err(format!("{name}: the recording has {} inputs and {} outputs", input.len(), output.len()));
        }
        Ok(Recording { name, path, model, input, output, input_tensor, output_size, steps })
    }

    fn input_of(&self, first: usize, count: usize) -> &[T] {
        &self.input[first * self.input_tensor.element_count..(first + count) * self.input_tensor.element_count]
    }

    /// Runs all steps from the first on, in chunks of these lengths in turn.
    fn run(&self, session: &mut Session, first: usize, end: usize, lengths: &[usize], found: &mut [f32]) -> Checked {
        let (mut first, mut turns) = (first, lengths.iter().cycle());
        while first < end {
            let count = (*turns.next().unwrap_or(&1)).min(end - first);
            let output = &mut found[first * self.output_size..(first + count) * self.output_size];
            session.run(self.input_of(first, count), output).map_err(text)?;
            first += count;
        }
        Ok(())
    }

    fn session(&self, chunk_length: i32) -> Result<Session<'static>, String> {
        self.model.create_session(1, chunk_length).map_err(text)
    }

    fn same(&self, found: &[f32]) -> Checked {
        match found.iter().zip(&self.output).position(|(found, expected)| found.to_bits() != expected.to_bits()) {
            None if found.len() == self.output.len() => Ok(()),
            None => Err(format!("{} values instead of {}", found.len(), self.output.len())),
            Some(at) => Err(format!("value {at} is {} instead of {}", found[at], self.output[at])),
        }
    }

    fn check(&self, checks: &mut Checks, what: &str, body: impl FnOnce(&mut [f32]) -> Checked) {
        checks.check(&format!("{}: {what}", self.name), || {
            let mut found = vec![0.0; self.output.len()];
            body(&mut found)?;
            self.same(&found)
        });
    }

    fn runs(&self, checks: &mut Checks) {
        let (steps, half) = (self.steps, self.steps / 2);
        self.check(checks, "one call", |found| self.run(&mut self.session(0)?, 0, steps, &[steps], found));
        self.check(checks, "step by step", |found| self.run(&mut self.session(0)?, 0, steps, &[1], found));
        self.check(checks, "odd chunks", |found| self.run(&mut self.session(4)?, 0, steps, &[3, 1, 7, 2, 5, 11], found));
        self.check(checks, "input given, steps, output taken", |found| {
            let mut session = self.session(8)?;
            for first in (0..steps).step_by(8) {
                let count = 8.min(steps - first);
                session.set_input(0, self.input_of(first, count)).map_err(text)?;
                session.run_inputs(count as i32).map_err(text)?;
                session.get_output(0, &mut found[first * self.output_size..(first + count) * self.output_size]).map_err(text)?;
            }
            Ok(())
        });
        self.check(checks, "reset and warm-up", |found| {
            let mut session = self.session(0)?;
            self.run(&mut session, 0, half, &[half], found)?;
            session.reset().map_err(text)?;
            self.run(&mut session, 0, steps, &[steps], found)?;
            self.same(found)?;
            session.warm_up(3).map_err(text)?;
            found.fill(0.0);
            self.run(&mut session, 0, steps, &[steps], found)?;
            session.reset_stream(0).map_err(text)?;
            self.run(&mut session, 0, half, &[half], found)
        });
        self.check(checks, "state saved and loaded", |found| {
            let (mut session, mut other) = (self.session(0)?, self.session(1)?);
            self.run(&mut session, 0, half, &[half], found)?;
            let state = session.save_state().map_err(text)?;
            self.run(&mut session, half, steps, &[steps], found)?;
            self.same(found)?;
            other.load_state(&state).map_err(text)?;
            found[half * self.output_size..].fill(0.0);
            self.run(&mut other, half, steps, &[steps], found)
        });
        self.check(checks, "forked, both go on", |found| {
            let mut session = self.session(0)?;
            self.run(&mut session, 0, half, &[half], found)?;
            let mut forked = session.fork().map_err(text)?;
            self.run(&mut session, half, steps, &[steps], found)?;
            drop(session);
            self.same(found)?;
            found[half * self.output_size..].fill(0.0);
            self.run(&mut forked, half, steps, &[5], found)
        });
        self.check(checks, "in the caller's memory, forked into more of it", |found| {
            let info = self.model.session_info(1, 4).map_err(text)?;
            let (mut memory, mut more) = (Aligned::new(&info), Aligned::new(&info));
            let mut session = self.model.create_session_in(memory.bytes(), 1, 4).map_err(text)?;
            if session.info().map_err(text)? != info || info.chunk_length != 4 {
                return Err(format!("the session is not what was announced: {info:?}"));
            }
            self.run(&mut session, 0, half, &[half], found)?;
            let mut forked = session.fork_in(more.bytes()).map_err(text)?;
            drop(session);
            memory.bytes().fill(0xFF);
            self.run(&mut forked, half, steps, &[3], found)
        });
        self.check(checks, "the program of a session, without checks", |found| {
            let mut session = self.session(0)?;
            let info = session.info().map_err(text)?;
            match session.native_run() {
                // SAFETY: input and output are those of all steps, and of the model's types; the modes are those that a thread starts with.
                Ok(mut native) => unsafe { native.run(&self.input, found, steps as i32) },
                Err(error) if error.status == rnnruntime::NOT_NATIVE && !info.runs_natively => self.run(&mut session, 0, steps, &[steps], found)?,
                Err(error) => return Err(text(error)),
            }
            Ok(())
        });
        self.check(checks, "state variables one by one, and carried", |found| {
            let (mut session, mut one_by_one, mut carried) = (self.session(0)?, self.session(0)?, self.session(0)?);
            self.run(&mut session, 0, half, &[half], found)?;
            let states = self.model.states().map_err(text)?;
            for (index, state) in states.iter().enumerate() {
                let mut values = vec![0.0; state.element_count];
                session.get_state(index as i32, &mut values).map_err(text)?;
                one_by_one.set_state(index as i32, &values).map_err(text)?;
            }
            if states.is_empty() || session.carry_state_to(&mut carried).map_err(text)? as usize != states.len() {
                return Err("not all state variables were carried".into());
            }
            self.run(&mut one_by_one, half, steps, &[steps], found)?;
            self.same(found)?;
            found[half * self.output_size..].fill(0.0);
            self.run(&mut carried, half, steps, &[steps], found)
        });
        self.check(checks, "sessions of one model on threads, and moved there", |found| {
            let mut moved = self.session(0)?;
            self.run(&mut moved, 0, half, &[half], found)?;
            let end = &mut found[..];
            thread::scope(|scope| {
                let others: Vec<_> = (0..3)
                    .map(|_| {
                        scope.spawn(|| {
                            let mut found = vec![0.0; self.output.len()];
                            self.run(&mut self.session(0)?, 0, steps, &[2], &mut found)?;
                            self.same(&found)
                        })
                    })
                    .collect();
                let moved = scope.spawn(move || self.run(&mut moved, half, steps, &[steps], end));
                for thread in others.into_iter().chain([moved]) {
                    thread.join().map_err(|_| "a thread panicked".to_string())??;
                }
                Ok(())
            })
        });
    }
}

fn describes(checks: &mut Checks, cell: &Recording<f32>, charlm: &Recording<i32>) {
    checks.check("what a model says of itself", || {
        let (input, token) = (&cell.input_tensor, &charlm.input_tensor);
        let product: i32 = input.dimensions.iter().product();
        let types = input.element_type == ElementType::Float32 && token.element_type == ElementType::Int32 && token.index_limit > 0;
        let said = types && !input.name.is_empty() && product as usize == input.element_count && cell.model.weight_bytes().map_err(text)? > 0;
        let session = cell.session(4)?.info().map_err(text)?;
        let ways = session.runs_natively == session.managed_reason.is_none() && session.streams == 1 && session.chunk_length == 4;
        if said && ways {
            Ok(())
        } else {
            Err(format!("{input:?}, {token:?}, {session:?}"))
        }
    });
    checks.check("a start, a version, names of statuses", || {
        start().map_err(text)?;
        let names = status_name(rnnruntime::OK) == "RNN_OK" && status_name(rnnruntime::INTERNAL_ERROR) == "RNN_INTERNAL_ERROR";
        if names && version().split('.').count() == 3 {
            Ok(())
        } else {
            Err(format!("{}, {}", status_name(rnnruntime::OK), version()))
        }
    });
    cell.check(checks, "every kernel that can run gives the same bits", |found| {
        for kernel in kernels().map_err(text)?.iter().filter(|kernel| kernel.unavailable_reason.is_none()) {
            let options = ModelOptions { kernel: Some(kernel.name.clone()), ..Default::default() };
            let model = Model::load(&cell.path.to_string_lossy(), &options).map_err(text)?;
            if model.kernel().map_err(text)? != kernel.name {
                return Err(format!("{} is not the kernel in use", kernel.name));
            }
            found.fill(0.0);
            cell.run(&mut model.create_session(1, 0).map_err(text)?, 0, cell.steps, &[cell.steps], found)?;
            cell.same(found).map_err(|problem| format!("{}: {problem}", kernel.name))?;
        }
        Ok(())
    });
    cell.check(checks, "a model from memory, a session that outlives it", |found| {
        let bytes = fs::read(&cell.path).map_err(|error| error.to_string())?;
        let model = Model::from_bytes(&bytes, &ModelOptions::default()).map_err(text)?;
        let mut session = model.create_session(1, 0).map_err(text)?;
        drop((bytes, model));
        cell.run(&mut session, 0, cell.steps, &[cell.steps], found)
    });
}

fn errors(checks: &mut Checks, folder: &Path, cell: &Recording<f32>, charlm: &Recording<i32>) -> Checked {
    use rnnruntime::*;
    let (mut session, mut language) = (cell.session(0)?, charlm.session(0)?);
    let (path, one) = (cell.path.to_string_lossy(), cell.input_of(0, 1));
    let (mut output, mut logits) = (vec![0.0; cell.output_size], vec![0.0; charlm.output_size]);
    let plain = ModelOptions::default();
    let load = |options: ModelOptions| Model::load(&path, &options);
    checks.fails("a file that is not there", IO_ERROR, &["nowhere.rnn"], Model::load(&folder.join("nowhere.rnn").to_string_lossy(), &plain));
    let wanted = cell.model.session_info(1, 0).map_err(text)?;
    let mut memory = Aligned::new(&wanted);
    checks.fails("memory that is too small", WRONG_LENGTH, &[], cell.model.create_session_in(&mut memory.bytes()[..wanted.memory_bytes - 1], 1, 0));
    checks.fails("a path with a zero", INVALID_ARGUMENT, &["zero"], Model::load("a\0b", &plain));
    checks.fails("bytes that are no model", INVALID_MODEL, &[], Model::from_bytes(b"these are not the bytes of a model", &plain));
    checks.fails(
        "an unknown kernel",
        UNKNOWN_KERNEL,
        &["abacus", &cell.model.kernel().map_err(text)?],
        load(ModelOptions { kernel: Some("abacus".into()), ..plain.clone() }),
    );
    checks.fails("threads below zero", INVALID_ARGUMENT, &["-1"], load(ModelOptions { threads: -1, ..plain.clone() }));
    checks.fails("too many streams", INVALID_ARGUMENT, &["100000"], cell.model.create_session(100000, 0));
    checks.fails("an input of half a step", WRONG_LENGTH, &[], session.run(&vec![0.0f32; one.len() + 1], &mut output));
    checks.fails("an output too short", WRONG_LENGTH, &[], session.run(one, &mut output[1..]));
    checks.fails("floats for tokens", WRONG_TYPE, &[], language.run(&[0.0f32], &mut logits));
    checks.fails("tokens for floats", WRONG_TYPE, &[], session.run(&vec![0; one.len()], &mut output));
    checks.fails("a token out of range", INVALID_ARGUMENT, &["-7"], language.run(&[-7], &mut logits));
    checks.fails("steps without input", NOT_READY, &[], session.run_inputs(1));
    checks.fails("an output before a step", NOT_READY, &[], session.get_output(0, &mut output));
    checks.fails("an index too large", INVALID_ARGUMENT, &["9"], session.set_input(9, one));
    let mismatched = vec![0x55; session.info().map_err(text)?.state_bytes];
    checks.fails("the state of another model", STATE_MISMATCH, &[], session.load_state(&mismatched));
    checks.fails("a state too short", WRONG_LENGTH, &[], session.load_state(b"abc"));
    cell.check(checks, "after all errors the bits are the same", |found| cell.run(&mut session, 0, cell.steps, &[cell.steps], found));
    charlm.check(checks, "after all errors the bits are the same", |found| charlm.run(&mut language, 0, charlm.steps, &[charlm.steps], found));
    Ok(())
}

fn all(checks: &mut Checks, folder: &Path) -> Checked {
    let cell = Recording::load(folder, "cell", "f32", f32::from_le_bytes)?;
    let charlm = Recording::load(folder, "charlm", "i32", i32::from_le_bytes)?;
    describes(checks, &cell, &charlm);
    cell.runs(checks);
    charlm.runs(checks);
    errors(checks, folder, &cell, &charlm)
}

fn main() {
    let arguments: Vec<String> = env::args().collect();
    if arguments.len() != 2 {
        eprintln!("usage: {} FOLDER", arguments[0]);
        process::exit(2);
    }
    let mut checks = Checks { failures: 0 };
    if let Err(problem) = all(&mut checks, Path::new(&arguments[1])) {
        checks.check("the folder", || Err(problem));
    }
    println!("{} failed", checks.failures);
    process::exit(i32::from(checks.failures > 0));
}
