using System.Runtime.CompilerServices;

namespace RnnRuntime.Tests.Sessions;

/// <summary>Every misuse is an exception whose message says what was found and what was expected.</summary>
public sealed class MisuseTests : IDisposable
{
    private readonly RnnModel _model = RnnModel.FromGraph(TestModels.Single("lstm", 3, 5, seed: 1));
    private readonly RnnModel _tokens = RnnModel.FromGraph(TestModels.Tokens(count: 7, size: 4, seed: 1));
    private readonly RnnModel _ports = RnnModel.FromGraph(TestModels.TwoPorts(size: 4, seed: 1));

    public void Dispose()
    {
        _model.Dispose();
        _tokens.Dispose();
        _ports.Dispose();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(13)]
    public void AnInputThatIsNoWholeNumberOfSteps(int length)
    {
        using var session = _model.CreateSession(streams: 2);
        Says<ArgumentException>(() => session.Run(new float[length], new float[10]), "'x'", "6 values", "2 streams of [3]", $"found {length}");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(29)]
    [InlineData(31)]
    public void AnOutputOfAnotherLength(int length)
    {
        using var session = _model.CreateSession(streams: 2);
        Says<ArgumentException>(() => session.Run(new float[18], new float[length]), "'y'", "30 values", "3 time steps", $"{length}");
        session.SetInput("x", new float[12]);
        session.Run(2);
        Says<ArgumentException>(() => session.GetOutput("y", new float[length]), "'y'", "20 values", "2 time steps", $"{length}");
    }

    [Fact]
    public void ValuesOfTheOtherType()
    {
        using var floats = _model.CreateSession();
        using var tokens = _tokens.CreateSession();
        Says<InvalidOperationException>(() => floats.Run([1, 2, 3], new float[5]), "'x'", "Float32", "found Int32");
        Says<InvalidOperationException>(() => tokens.Run([1f], new float[7]), "'x'", "Int32", "found Float32");
        Says<InvalidOperationException>(() => floats.SetInput("x", [1, 2, 3]), "'x'", "Float32", "found Int32");
        Says<InvalidOperationException>(() => tokens.SetInput("x", [1f]), "'x'", "Int32", "found Float32");
    }

    [Fact]
    public void UnknownNamesAndIndices()
    {
        using var session = _ports.CreateSession();
        Says<ArgumentException>(() => session.SetInput("q", new float[3]), "input 'q'", "'x', 'z'");
        Says<ArgumentException>(() => session.GetOutput("q", new float[3]), "output 'q'", "'sum', 'h'");
        Says<ArgumentException>(() => session.GetState("q", new float[4]), "state 'q'", "'lstm1.h', 'lstm1.c'");
        Says<ArgumentException>(() => session.SetState("q", new float[4]), "state 'q'", "'lstm1.h', 'lstm1.c'");
        Says<ArgumentOutOfRangeException>(() => session.SetInput(2, new float[3]), "2 inputs", "Actual value was 2");
        Says<ArgumentOutOfRangeException>(() => session.SetInput(-1, new float[3]), "2 inputs", "Actual value was -1");
        Says<ArgumentOutOfRangeException>(() => session.GetOutput(2, new float[3]), "2 outputs", "Actual value was 2");
        Says<ArgumentOutOfRangeException>(() => session.Reset(1), "1 streams", "Actual value was 1");
        Says<ArgumentOutOfRangeException>(() => session.Reset(-1), "1 streams", "Actual value was -1");
    }

    [Fact]
    public void APlainCallOfAModelWithMorePorts()
    {
        using var session = _ports.CreateSession();
        Says<InvalidOperationException>(() => session.Run(new float[3], new float[4]), "1 input and 1 output", "2 and 2");
    }

    [Fact]
    public void InputsThatWereNotGivenForTheCall()
    {
        using var session = _ports.CreateSession(1, 4);
        Says<InvalidOperationException>(() => session.GetOutput("h", new float[4]), "'h'", "no named call has run");
        session.SetInput("x", new float[3]);
        Says<InvalidOperationException>(() => session.Run(), "'z'", "not been given");
        session.SetInput("z", new float[6]);
        Says<InvalidOperationException>(() => session.Run(), "'z'", "2 time steps", "runs 1");
        Says<ArgumentException>(() => session.SetInput("x", new float[15]), "'x'", "3 values", "1 to 4 steps", "found 15");
        Says<ArgumentException>(() => session.SetInput("x", new float[4]), "'x'", "3 values", "found 4");
        Says<ArgumentException>(() => session.SetInput("x", Array.Empty<float>()), "'x'", "3 values", "found 0");
        Says<ArgumentOutOfRangeException>(() => session.Run(0), "1 to 4", "found 0");
        Says<ArgumentOutOfRangeException>(() => session.Run(5), "1 to 4", "found 5");
        session.SetInput("x", new float[3]);
        session.SetInput("z", new float[3]);
        session.Run();
        session.GetOutput("h", new float[4]);
    }

    [Fact]
    public void APlainCallEndsWhatNamedCallsGave()
    {
        using var session = _model.CreateSession();
        session.SetInput("x", new float[3]);
        session.Run();
        session.Run(new float[3], new float[5]);
        Says<InvalidOperationException>(() => session.GetOutput("y", new float[5]), "'y'");
        Says<InvalidOperationException>(() => session.Run(), "'x'", "not been given");
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(7)]
    [InlineData(int.MinValue)]
    [InlineData(int.MaxValue)]
    public void AnIndexOutOfRangeLeavesTheStateAsItIs(int index)
    {
        using var session = _tokens.CreateSession(1, 2);
        session.Run([3, 4, 5], new float[21]);
        var state = session.State();

        // The wrong index is in the last chunk: the first two must not have run either.
        Says<ArgumentException>(() => session.Run([1, 2, 3, 4, index], new float[35]), "'x'", "0 to 6", $"found {index}", "position 4");
        Bits.EqualState("after a plain call", state, session.State());
        Says<ArgumentException>(() => session.SetInput("x", [1, index]), "'x'", "0 to 6", $"found {index}", "position 1");
        Bits.EqualState("after SetInput", state, session.State());
    }

    [Fact]
    public void AnInputThatWasRefusedCountsAsNotGiven()
    {
        using var session = _tokens.CreateSession(1, 2);
        Action[] refused =
        [
            () => session.SetInput("x", [1, 7]), () => session.SetInput("x", [1, 2, 3]), () => session.SetInput("x", Array.Empty<int>()),
            () => session.SetInput("x", [1f, 2]),
        ];
        foreach (var call in refused)
        {
            session.SetInput("x", [1, 2]);
            Assert.ThrowsAny<Exception>(call);
            Says<InvalidOperationException>(() => session.Run(2), "'x'", "not been given");
        }
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(-1, 1)]
    [InlineData(65_537, 1)]
    [InlineData(1, 0)]
    [InlineData(1, -7)]
    [InlineData(1, 65_537)]
    public void StreamsAndChunkLengthsOutOfRange(int streams, int chunkLength)
    {
        var found = streams == 1 ? chunkLength : streams;
        Says<ArgumentOutOfRangeException>(() => _model.CreateSession(streams, chunkLength), "1 to 65536", $"found {found}", streams == 1 ? "chunkLength" : "streams");
        Says<ArgumentOutOfRangeException>(() => _model.SessionBytes(streams, chunkLength), "1 to 65536", $"found {found}");
        Says<ArgumentOutOfRangeException>(() => _model.DescribePlan(streams, chunkLength), "1 to 65536", $"found {found}");
    }

    [Fact]
    public void ASavedStateThatDoesNotFit()
    {
        using var session = _model.CreateSession(streams: 2);
        session.Run([1f, 2, 3, 4, 5, 6], new float[10]);
        var state = session.State();
        Says<ArgumentException>(() => session.SaveState(new byte[95]), "96 bytes", "found 95");
        Says<ArgumentException>(() => session.SaveState(new byte[97]), "96 bytes", "found 97");
        Says<ArgumentException>(() => session.LoadState(new byte[95]), "96 bytes", "found 95");
        Says<ArgumentException>(() => session.GetState("lstm1.h", new float[9]), "'lstm1.h'", "10 values", "found 9");
        Says<ArgumentException>(() => session.SetState("lstm1.c", new float[11]), "'lstm1.c'", "10 values", "found 11");

        Refused("magic", state, 0, session);
        Refused("version", state, 4, session);
        Refused("hash", state, 8, session);
        Refused("number of streams", state, 12, session);
    }

    [Fact]
    public void AStateOfAnotherModelOfTheSameSize()
    {
        using var other = RnnModel.FromGraph(TestModels.Single("gru-reset-after", 3, 10, seed: 1));
        using var session = _model.CreateSession();
        using var foreign = other.CreateSession();
        Assert.Equal(session.StateBytes, foreign.StateBytes);
        var state = session.State();
        Says<ArgumentException>(() => session.LoadState(foreign.State()), "hash of the state variables", "expected");
        Bits.EqualState("after the refusal", state, session.State());
    }

    [Fact]
    public void ADisposedSession()
    {
        var session = _model.CreateSession();
        session.SetInput("x", new float[3]);
        session.Run();
        var length = session.StateBytes;
        session.Dispose();
        session.Dispose();
        foreach (var call in Calls(session, length))
        {
            Says<ObjectDisposedException>(call, nameof(RnnSession));
        }
    }

    [Fact]
    public void ASessionOutlivesItsModel()
    {
        using var model = RnnModel.FromGraph(TestModels.Single("lstm", 3, 5, seed: 1));
        var signals = Signals.Random(model, 9, 1, seed: 1);
        using var reference = model.CreateSession(1, 2);
        var expected = signals.Run(reference, 2);
        using var session = model.CreateSession(1, 2);
        model.Dispose();
        Says<ObjectDisposedException>(() => model.CreateSession(), nameof(RnnModel));
        Bits.Equal("after the model's end", expected, signals.Run(session, 2));
        Bits.EqualState("after the model's end", reference, session);
        session.Reset();
        session.LoadState(reference.State());
    }

    [Fact]
    public void ASecondThreadIsRefusedByEveryCallAndTheFirstGoesOn()
    {
        using var session = _model.CreateSession();
        var state = session.State();

        // As if another thread were inside.
        Running(session) = 1;
        foreach (var call in Calls(session, session.StateBytes))
        {
            Says<InvalidOperationException>(call, "Two threads", "one at a time");
            Assert.Equal(1, Running(session));
        }

        Running(session) = 0;
        Bits.EqualState("after the refusals", state, session.State());
    }

    [Fact]
    public void TwoThreadsInOneSessionAreFound()
    {
        using var session = _model.CreateSession();
        var input = new float[3 * 20_000];
        var output = new float[5 * 20_000];
        var refusals = 0;
        using var start = new Barrier(2);
        var threads = Enumerable.Range(0, 2).Select(_ => new Thread(() =>
        {
            start.SignalAndWait();
            var end = Environment.TickCount64 + 20_000;
            while (Volatile.Read(ref refusals) == 0 && Environment.TickCount64 < end)
            {
                try
                {
                    session.Run(input, output);
                }
                catch (InvalidOperationException exception) when (exception.Message.StartsWith("Two threads", StringComparison.Ordinal))
                {
                    Interlocked.Increment(ref refusals);
                }
            }
        })).ToArray();
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        Assert.True(refusals > 0, "Two threads called Run for 20 seconds and none was refused.");

        using var reference = _model.CreateSession();
        session.Reset();
        session.Run(input, output);
        var expected = new float[output.Length];
        reference.Run(input, expected);
        Bits.Equal("alone again", expected, output);
    }

    private static Action[] Calls(RnnSession session, int stateBytes) =>
    [
        () => session.Run(new float[3], new float[5]), () => session.Run([1], new float[5]), () => session.Run(), () => session.SetInput("x", new float[3]),
        () => session.SetInput(0, [1]), () => session.GetOutput("y", new float[5]), session.Reset, () => session.Reset(0),
        () => session.SaveState(new byte[stateBytes]), () => session.LoadState(new byte[stateBytes]), () => session.GetState("lstm1.h", new float[5]),
        () => session.SetState("lstm1.h", new float[5]), () => session.Fork(),
    ];

    private static void Refused(string field, byte[] state, int offset, RnnSession session)
    {
        var changed = (byte[])state.Clone();
        changed[offset] ^= 0x40;
        changed[^1] ^= 0x40;
        var (found, expected) = (BitConverter.ToUInt32(changed, offset), BitConverter.ToUInt32(state, offset));
        Says<ArgumentException>(() => session.LoadState(changed), field, $"is {found} ", $"expected {expected} ");
        Bits.EqualState($"after another {field}", state, session.State());
    }

    private static void Says<TException>(Action action, params string[] parts)
        where TException : Exception
    {
        var exception = Assert.Throws<TException>(action);
        Assert.All(parts, part => Assert.Contains(part, exception.Message, StringComparison.Ordinal));
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_running")]
    private static extern ref int Running(RnnSession session);
}
