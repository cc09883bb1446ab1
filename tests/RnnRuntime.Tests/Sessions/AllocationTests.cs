namespace RnnRuntime.Tests.Sessions;

/// <summary>No call of a session allocates after warm-up.</summary>
public sealed class AllocationTests
{
    public static MatrixTheoryData<string, string, bool> Cases => new(TestModels.Kinds.Append("tokens"), TestModels.Kernels, [false, true]);

    [Theory]
    [MemberData(nameof(Cases))]
    public void NoCallAllocates(string kind, string kernel, bool int8)
    {
        const int ChunkLength = 4;
        var graph = kind == "tokens" ? TestModels.Tokens(7, 20, seed: 1) : TestModels.Single(kind, 5, 20, seed: 1);
        using var model = TestModels.Bind(graph.Quantized(int8), kernel);
        foreach (var streams in new[] { 1, 3 })
        {
            using var session = model.CreateSession(streams, ChunkLength);
            using var stepwise = model.CreateSession(streams, 1);
            var calls = new Calls(session, stepwise);
            for (var i = 0; i < 3; i++)
            {
                calls.All();
            }

            Assert.Equal(0, Allocations.Of(() =>
            {
                for (var i = 0; i < 20; i++)
                {
                    calls.All();
                }
            }));
        }
    }

    public static MatrixTheoryData<string, bool> Variants => new(TestModels.Kernels, [false, true]);

    /// <summary>Graphs of all node kinds with several inputs and outputs of both types: feeding, stepping and reading.</summary>
    [Theory]
    [MemberData(nameof(Variants))]
    public void NoStepOfARandomGraphAllocates(string kernel, bool int8)
    {
        for (var seed = 1; seed <= 20; seed++)
        {
            using var model = TestModels.Bind((seed <= 18 ? RandomGraph.Make(seed) : RandomGraph.MakeLong(seed)).Quantized(int8), kernel);
            using var session = model.CreateSession(streams: 2, chunkLength: 3);
            var calls = new StepCalls(session, timeSteps: 3);
            calls.All();
            calls.All();
            var bytes = Allocations.Of(calls.All);
            Assert.True(bytes == 0, $"graph seed {seed}, {kernel}, int8 {int8}: {bytes} bytes.");
        }
    }

    [Fact]
    public void OneByteTooManyIsSeen() => Assert.NotEqual(0, Allocations.Of(() => GC.KeepAlive(new byte[1])));

    /// <summary>Every member that a running host calls, with buffers made before.</summary>
    private sealed class Calls
    {
        private readonly RnnSession _session;
        private readonly RnnSession _stepwise;
        private readonly string _input;
        private readonly string _output;
        private readonly bool _isIndex;
        private readonly string[] _stateNames;
        private readonly float[][] _stateValues;
        private readonly byte[] _state;
        private readonly int _inputLength;
        private readonly int _outputLength;
        private readonly float[] _floats;
        private readonly int[] _indices;
        private readonly float[] _result;

        public Calls(RnnSession session, RnnSession stepwise)
        {
            const int Longest = 11;
            var model = session.Model;
            (_session, _stepwise) = (session, stepwise);
            (_input, _output) = (model.Inputs[0].Name, model.Outputs[0].Name);
            _isIndex = model.Inputs[0].Type == TensorType.Int32;
            _stateNames = [.. model.States.Select(state => state.Name)];
            _stateValues = [.. model.States.Select(state => new float[session.Streams * state.Shape.ElementCount])];
            _state = new byte[session.StateBytes];
            _inputLength = session.Streams * model.Inputs[0].Shape.ElementCount;
            _outputLength = session.Streams * model.Outputs[0].Shape.ElementCount;
            _floats = new float[Longest * _inputLength];
            _indices = new int[Longest * _inputLength];
            _result = new float[Longest * _outputLength];
            Array.Fill(_floats, 0.5f);
            Array.Fill(_indices, 1);
        }

        public void All()
        {
            Plain(_stepwise, 1);
            Plain(_session, 1);
            Plain(_session, 4);
            Plain(_session, 11);
            Named(1);
            Named(4);
            _session.SaveState(_state);
            _session.Reset();
            _session.LoadState(_state);
            _session.Reset(_session.Streams - 1);
            for (var i = 0; i < _stateNames.Length; i++)
            {
                _session.GetState(_stateNames[i], _stateValues[i]);
                _session.SetState(_stateNames[i], _stateValues[i]);
            }
        }

        private void Plain(RnnSession session, int steps)
        {
            var result = _result.AsSpan(0, steps * _outputLength);
            if (_isIndex)
            {
                session.Run(_indices.AsSpan(0, steps * _inputLength), result);
            }
            else
            {
                session.Run(_floats.AsSpan(0, steps * _inputLength), result);
            }
        }

        private void Named(int steps)
        {
            if (_isIndex)
            {
                _session.SetInput(_input, _indices.AsSpan(0, steps * _inputLength));
                _session.SetInput(0, _indices.AsSpan(0, steps * _inputLength));
            }
            else
            {
                _session.SetInput(_input, _floats.AsSpan(0, steps * _inputLength));
                _session.SetInput(0, _floats.AsSpan(0, steps * _inputLength));
            }

            _session.Run(steps);
            _session.GetOutput(_output, _result.AsSpan(0, steps * _outputLength));
            _session.GetOutput(0, _result.AsSpan(0, steps * _outputLength));
        }
    }
}
