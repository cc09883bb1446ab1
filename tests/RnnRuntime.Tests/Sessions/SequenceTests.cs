using System.Runtime.InteropServices;
using RnnRuntime.Graph;

namespace RnnRuntime.Tests.Sessions;

/// <summary>Recurrent layers over a whole sequence: every attribute, on every kernel.</summary>
public sealed class SequenceTests
{
    private const int Cases = 240;

    public static TheoryData<string> Kernels => [.. TestModels.Kernels];

    public static MatrixTheoryData<string, bool> Variants => new(TestModels.Kernels, [false, true]);

    [Fact]
    public void CasesCoverEveryAttribute()
    {
        var cases = RandomCases(false).ToArray();
        Assert.Empty(SequenceCase.AllActivations.Except(cases.SelectMany(each => each.Activations).Select(activation => activation.Function)));
        foreach (var cell in Enum.GetValues<SequenceCell>())
        {
            var ofCell = cases.Where(each => each.Cell == cell).ToArray();
            Func<SequenceCase, bool>[] attributes =
            [
                each => each.Reverse, each => each.Lengths, each => each.Clip > 0, each => each.Bias, each => each.Units % 8 == 0,
                each => each.TimeSteps == 1 && each.Streams == 1, each => each.Reverse && each.Lengths,
                each => each.Peepholes || cell != SequenceCell.Lstm, each => each.InputForget || cell != SequenceCell.Lstm,
                each => each.Projection > 0 || cell != SequenceCell.Lstm, each => each.ResetAfter || cell != SequenceCell.Gru,
            ];
            Assert.All(attributes, attribute => Assert.True(ofCell.Count(attribute) >= 2, $"{cell}: too few cases."));
        }
    }

    // A sum of up to 66 products is off by a few 1e-7, and steps add up. Unbounded activations make numbers, and so errors, larger.
    [Theory]
    [MemberData(nameof(Kernels))]
    public void EveryCaseGivesTheReferenceOutputs(string kernel)
    {
        const double Tolerance = 1e-5;
        const int Frames = 2;
        foreach (var each in RandomCases(int8: false))
        {
            var graph = each.Graph();
            var streams = 1 + (each.Seed % 3);
            using var model = TestModels.Bind(graph, kernel);
            using var session = model.CreateSession(streams, Frames);
            var signals = Signals.Random(model, Frames, streams, each.Seed);
            var actual = signals.Run(session, Frames);
            var reference = new SequenceReference(graph.Nodes.OfType<SequenceNode>().Single());
            for (var frame = 0; frame < Frames * streams; frame++)
            {
                var expected = reference.Run(
                    Frame(signals, model, "x", frame), Lengths(signals, model, frame), Frame(signals, model, "h0", frame), Frame(signals, model, "c0", frame));
                for (var output = 0; output < expected.Length; output++)
                {
                    var largest = expected[output].Select(Math.Abs).Append(1).Max();
                    for (var i = 0; i < expected[output].Length; i++)
                    {
                        var (want, found) = (expected[output][i], actual[output][(frame * expected[output].Length) + i]);
                        Assert.True(
                            Math.Abs(found - want) <= Tolerance * largest,
                            $"{each}, {kernel}: frame {frame}, output '{model.Outputs[output].Name}'[{i}]: expected {want:R}, found {found:R}.");
                    }
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void EveryCaseGivesTheBitsOfScalarInAnyChunkingAndBatch(string kernel, bool int8)
    {
        const int TimeSteps = 5;
        foreach (var each in RandomCases(int8))
        {
            var what = $"{each}, {kernel}";
            var graph = each.Graph();
            var streams = 1 + (each.Seed % 4);
            using var model = TestModels.Bind(graph, kernel);
            using var scalar = TestModels.Bind(graph, "scalar");
            var signals = Signals.Random(model, TimeSteps, streams, each.Seed);
            using var stepwise = scalar.CreateSession(streams, 1);
            var expected = signals.Run(stepwise, 1);

            using var session = model.CreateSession(streams, TimeSteps);
            Bits.Equal(what, expected, signals.Run(session, 3, 1, 2));
            var stream = each.Seed % streams;
            using var alone = model.CreateSession(1, TimeSteps);
            float[][] ofStream = [.. expected.Select(output => Signals.OfStream(output, TimeSteps, streams, stream))];
            Bits.Equal($"{what}, stream {stream} alone", ofStream, signals.Stream(stream).Run(alone, TimeSteps));
            var hostile = signals.WithHostileNeighbours(stream).Run(session, TimeSteps);
            Bits.Equal($"{what}, hostile neighbours", ofStream, [.. hostile.Select(output => Signals.OfStream(output, TimeSteps, streams, stream))]);
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void ANodesStreamIsTheSameAlone(string kernel, bool int8)
    {
        foreach (var each in RandomCases(int8).Where(each => each.Streams > 1))
        {
            using var model = TestModels.Bind(each.Graph(), kernel);
            using var single = TestModels.Bind((each with { Streams = 1 }).Graph(), kernel);
            using var session = model.CreateSession(1, 1);
            using var alone = single.CreateSession(1, 1);
            var signals = Signals.Random(model, 1, 1, each.Seed);
            var stream = each.Seed % each.Streams;
            for (var input = 0; input < model.Inputs.Length; input++)
            {
                if (model.Inputs[input].Type == TensorType.Int32)
                {
                    alone.SetInput(input, signals.Indices(input).Slice(stream, 1));
                    continue;
                }

                alone.SetInput(input, OfNodeStream(model.Inputs[input], signals.Floats(input), stream));
                Fill(model.Inputs[input], signals.Floats(input), stream, float.NaN);
            }

            alone.Run(1);
            var actual = signals.Run(session, 1);
            for (var output = 0; output < actual.Length; output++)
            {
                Bits.Equal(
                    $"{each}, {kernel}, stream {stream} of the node, output {output}", Output(alone, output),
                    OfNodeStream(model.Outputs[output], actual[output], stream));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void AReversedSequenceGivesTheBitsOfTheSameRowsInReverseOrder(string kernel, bool int8)
    {
        foreach (var each in RandomCases(int8).Where(each => !each.Lengths))
        {
            using var model = TestModels.Bind((each with { Reverse = false }).Graph(), kernel);
            using var reversed = TestModels.Bind((each with { Reverse = true }).Graph(), kernel);
            using var session = model.CreateSession(1, 1);
            using var reversedSession = reversed.CreateSession(1, 1);
            var signals = Signals.Random(model, 1, 1, each.Seed);
            var expected = signals.Run(session, 1);
            ReverseRows(signals.Floats(0), each.TimeSteps);
            var actual = signals.Run(reversedSession, 1);
            ReverseRows(actual[0], each.TimeSteps);
            Bits.Equal($"{each}, {kernel}", expected, actual);
        }
    }

    /// <summary>A sequence of one step with its state fed back, step by step, is the whole sequence in one frame.</summary>
    [Theory]
    [MemberData(nameof(Variants))]
    public void StreamingGivesTheBitsOfTheWholeSequence(string kernel, bool int8)
    {
        const int TimeSteps = 9;
        foreach (var each in RandomCases(int8).Select(each => each with { Lengths = false, Reverse = false, Feedback = true }))
        {
            using var model = TestModels.Bind((each with { TimeSteps = 1 }).Graph(), kernel);
            using var offline = TestModels.Bind((each with { TimeSteps = TimeSteps }).Graph(), kernel);
            using var session = model.CreateSession(1, TimeSteps);
            using var whole = offline.CreateSession(1, 1);
            var x = Signals.Random(offline, 1, 1, each.Seed).Floats(0);
            whole.SetInput(0, x);
            whole.Run(1);
            session.SetInput(0, x);
            session.Run(TimeSteps);
            Bits.Equal($"{each}, {kernel}", Output(whole, 0), Output(session, 0, TimeSteps));
            Bits.EqualState($"{each}, {kernel}", StateValues(whole), StateValues(session));
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void ALengthOutsideTheSequenceIsTheNearerEnd(string kernel, bool int8)
    {
        foreach (var cell in Enum.GetValues<SequenceCell>())
        {
            var each = new SequenceCase(1, cell, 4, 3, 3, 5) { Lengths = true, Int8 = int8 };
            float[][] Run(params int[] lengths)
            {
                var graph = each.Graph();
                var value = graph.InputValues.Single(input => input.Name == "lengths");
                var constant = new Constant("values", TensorType.Int32, value.Shape, MemoryMarshal.AsBytes<int>(lengths).ToArray());
                graph = new RnnGraph(
                    graph.InputValues.Remove(value), graph.OutputValues.RemoveAll(output => output.Name == "limit"), [],
                    [new ConstantNode("lengths", value, constant), graph.Nodes[0]], graph.Metadata);
                using var model = TestModels.Bind(graph, kernel);
                using var session = model.CreateSession(2, 1);
                return Signals.Random(model, 1, 2, seed: 1).Run(session, 1);
            }

            Bits.Equal($"{cell}, {kernel}", Run(0, 2, 4), Run(int.MinValue, 2, int.MaxValue));
        }
    }

    /// <summary>Lengths that are all T take the general way round; their absence, the packed cells.</summary>
    [Theory]
    [MemberData(nameof(Kernels))]
    public void FullLengthsChangeNothing(string kernel)
    {
        foreach (var each in RandomCases(int8: false).Where(each => each.Seed % 3 == 0))
        {
            using var packed = TestModels.Bind(each.Graph(), kernel);
            using var general = TestModels.Bind((each with { Lengths = true }).Graph(), kernel);
            using var session = packed.CreateSession(1, 1);
            using var other = general.CreateSession(1, 1);
            Assert.NotEqual(packed.Plan.Steps[0].GetType(), general.Plan.Steps[0].GetType());
            var signals = Signals.Random(packed, 1, 1, each.Seed);
            var expected = signals.Run(session, 1);
            for (var input = 0; input < packed.Inputs.Length; input++)
            {
                other.SetInput(packed.Inputs[input].Name, signals.Floats(input));
            }

            other.SetInput("lengths", [.. Enumerable.Repeat(each.TimeSteps, each.Streams)]);
            other.Run(1);
            for (var output = 0; output < expected.Length; output++)
            {
                var actual = Output(other, output);
                var largest = expected[output].Select(Math.Abs).Append(1).Max();
                Assert.All(actual.Zip(expected[output]), pair => Assert.InRange(pair.First - pair.Second, -1e-5f * largest, 1e-5f * largest));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void ADecayingStateBecomesZeroAndIsNeverSmaller(string kernel)
    {
        CellActivation[] identities = [new(UnaryOperator.Identity), new(UnaryOperator.Affine, 1)];
        foreach (var function in identities)
        {
            var graph = new SequenceCase(1, SequenceCell.Rnn, 9, 2, 3, 11) { Bias = false, Feedback = true, Activations = [function] }.Graph();
            using var model = TestModels.Bind(graph, kernel);
            using var session = model.CreateSession(1, 1);
            session.SetState("h", [.. Enumerable.Repeat(1f, 22)]);
            session.SetInput(0, new float[9 * 2 * 3]);
            var y = Array.Empty<float>();
            for (var frame = 0; frame < 60; frame++)
            {
                session.Run(1);
                y = Output(session, 0);
                Assert.All(y, value => Assert.True(value == 0 || Math.Abs(value) >= MathF.Pow(2, -80), $"{function}, {kernel}: frame {frame} holds {value:R}."));
            }

            Assert.All(y, value => Assert.Equal(0f, value));
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void NoCallAllocates(string kernel, bool int8)
    {
        foreach (var each in RandomCases(int8).Where(each => each.Seed % 8 == 0))
        {
            using var model = TestModels.Bind(each.Graph(), kernel);
            using var session = model.CreateSession(2, 2);
            var signals = Signals.Random(model, 2, 2, each.Seed);
            signals.Run(session, 2);
            Assert.Equal(0, Allocations.Of(() =>
            {
                session.Run(2);
                session.Run(2);
            }));
        }
    }

    private static IEnumerable<SequenceCase> RandomCases(bool int8) =>
        Enumerable.Range(1, Cases).Select(SequenceCase.Random).Select(each => each with { Int8 = int8 });

    private static int IndexOf(RnnModel model, string input) => model.Inputs.ToList().FindIndex(each => each.Name == input);

    private static float[] Output(RnnSession session, int output, int timeSteps = 1)
    {
        var values = new float[timeSteps * session.Streams * session.Model.Outputs[output].Shape.ElementCount];
        session.GetOutput(output, values);
        return values;
    }

    private static float[] Frame(Signals signals, RnnModel model, string input, int frame)
    {
        var index = IndexOf(model, input);
        return index < 0 ? [] : signals.Floats(index).Slice(frame * model.Inputs[index].Shape.ElementCount, model.Inputs[index].Shape.ElementCount).ToArray();
    }

    private static int[] Lengths(Signals signals, RnnModel model, int frame)
    {
        var index = IndexOf(model, "lengths");
        return index < 0 ? [] : signals.Indices(index).Slice(frame * model.Inputs[index].Shape[0], model.Inputs[index].Shape[0]).ToArray();
    }

    /// <summary>One stream of a node's tensor, whose last axis but one is the node's streams.</summary>
    private static float[] OfNodeStream(TensorInfo tensor, ReadOnlySpan<float> values, int stream)
    {
        var (streams, length) = (tensor.Shape[-2], tensor.Shape[-1]);
        var result = new float[values.Length / streams];
        for (var row = 0; row < result.Length / length; row++)
        {
            values.Slice(((row * streams) + stream) * length, length).CopyTo(result.AsSpan(row * length));
        }

        return result;
    }

    private static void Fill(TensorInfo tensor, Span<float> values, int except, float value)
    {
        var (streams, length) = (tensor.Shape[-2], tensor.Shape[-1]);
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = i / length % streams == except ? values[i] : value;
        }
    }

    private static void ReverseRows(Span<float> values, int rows)
    {
        var length = values.Length / rows;
        var copy = values.ToArray();
        for (var row = 0; row < rows; row++)
        {
            copy.AsSpan(row * length, length).CopyTo(values[((rows - 1 - row) * length)..]);
        }
    }

    private static byte[] StateValues(RnnSession session) =>
        [.. session.Model.States.SelectMany(state =>
        {
            var values = new float[session.Streams * state.Shape.ElementCount];
            session.GetState(state.Name, values);
            return MemoryMarshal.AsBytes<float>(values).ToArray();
        })];
}
