using RnnRuntime.Graph;
using RnnRuntime.Memory;
using RnnRuntime.Plan;

namespace RnnRuntime.Tests.Sessions;

/// <summary>Convolutions over whole tensors.</summary>
public sealed unsafe class ConvTests
{
    private const int RandomCases = 150;

    public static MatrixTheoryData<string, bool> Kernels => new(TestModels.Kernels, [false, true]);

    /// <summary>Those that a way of running them was made for, and edges of those ways.</summary>
    private static IEnumerable<ConvCase> Named =>
    [
        ConvCase.Line(640, 1, 258, kernel: 256, stride: 128),
        ConvCase.Line(4, 129, 128, kernel: 3, pad: 1),
        ConvCase.Line(4, 128, 64, kernel: 3, stride: 2, pad: 1),
        ConvCase.Line(2, 64, 64, kernel: 3, stride: 2, pad: 1),
        ConvCase.Line(1, 64, 128, kernel: 3, pad: 1),
        ConvCase.Line(1, 5, 7, kernel: 3, pad: 1),
        ConvCase.Line(1, 3, 5, kernel: 1, stride: 9, pad: 1),
        ConvCase.Line(2, 1, 260, kernel: 1),
        ConvCase.Line(5, 2, 40, kernel: 1, batch: 3),
        ConvCase.Line(30, 3, 33, kernel: 4, stride: 7, pad: 3, batch: 2),
        ConvCase.Line(30, 3, 8, kernel: 2, stride: 40, pad: 50),
        ConvCase.Line(20, 3, 16, kernel: 3, pad: 1),
        ConvCase.Line(200, 1, 1, kernel: 5, pad: 2, dilation: 3),
        ConvCase.Line(40, 37, 37, kernel: 4, stride: 2, pad: 2, dilation: 2, groups: 37),
        ConvCase.Line(9, 12, 24, kernel: 1, stride: 2, groups: 3),
        new ConvCase(2, [4, 3], 5, 9, [2, 3], [1, 1], [1, 1], [0, 0], [0, 0], 1, 1),
        new ConvCase(1, [5, 6, 4], 1, 16, [1, 1, 1], [1, 1, 1], [1, 1, 1], [0, 0, 0], [0, 0, 0], 1, 1),
        new ConvCase(2, [5, 12], 3, 9, [1, 2], [2, 1], [1, 1], [0, 0], [0, 0], 1, 1),
        new ConvCase(2, [7, 12], 3, 16, [1, 3], [3, 1], [1, 1], [0, 1], [0, 1], 1, 1),
        new ConvCase(1, [3, 1], 4, 4, [3, 3], [2, 2], [1, 2], [1, 2], [1, 2], 1, 1),
    ];

    private static IEnumerable<ConvCase> All => Named.Concat(Enumerable.Range(1, RandomCases).Select(ConvCase.Random));

    [Theory]
    [MemberData(nameof(Kernels))]
    public void OutputsAreThoseOfTheDefinition(string kernel, bool int8)
    {
        foreach (var each in All)
        {
            var graph = each.Graph(int8, bias: each.Seed % 4 != 0);
            using var model = TestModels.Bind(graph, kernel);
            var signals = Signals.Random(model, timeSteps: 2, streams: 1, each.Seed);
            using var session = model.CreateSession(1, 2);
            var actual = signals.Run(session, 2)[0];
            var length = actual.Length / 2;
            for (var step = 0; step < 2; step++)
            {
                var (expected, allowed) = each.Reference(graph, signals.Steps(step, 1).Floats(0));
                Assert.Equal(length, expected.Length);
                for (var i = 0; i < length; i++)
                {
                    var found = actual[(step * length) + i];
                    Assert.True(
                        Math.Abs(found - expected[i]) <= allowed[i],
                        $"{each}, {kernel}: step {step}, element {i}: expected {expected[i]:R} within {allowed[i]:R}, found {found:R}.");
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void EveryKernelGivesTheBitsOfTheReferenceKernel(string kernel, bool int8)
    {
        foreach (var each in All)
        {
            Bits.Equal($"{each}, {kernel}", Run(each, "scalar", int8), Run(each, kernel, int8));
        }

        static float[][] Run(ConvCase each, string kernel, bool int8)
        {
            using var model = TestModels.Bind(each.Graph(int8), kernel);
            using var session = model.CreateSession(2, 2);
            return Signals.Random(model, timeSteps: 3, streams: 2, each.Seed).Run(session, 2);
        }
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void StreamsAndChunksChangeNothing(string kernel, bool int8)
    {
        const int TimeSteps = 7, Streams = 3;
        foreach (var each in All.Where(each => each.Seed % 3 <= 1))
        {
            using var model = TestModels.Bind(each.Graph(int8), kernel);
            var signals = Signals.Random(model, TimeSteps, Streams, each.Seed);
            using var single = model.CreateSession(1, 1);
            using var together = model.CreateSession(Streams, 5);
            var all = signals.Run(together, 5, 1, 4);
            for (var stream = 0; stream < Streams; stream++)
            {
                var alone = signals.Stream(stream).Run(single, 1);
                Bits.Equal($"{each}, {kernel}, stream {stream}", alone[0], Signals.OfStream(all[0], TimeSteps, Streams, stream));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void OnlyItsOwnBuffersAreTouchedAndNothingInThemIsTrusted(string kernel, bool int8)
    {
        const int Streams = 2, TimeSteps = 2, Margin = 4096;
        foreach (var each in All)
        {
            using var model = TestModels.Bind(each.Graph(int8), kernel);
            var signals = Signals.Random(model, TimeSteps, Streams, each.Seed);
            using var session = model.CreateSession(Streams, TimeSteps);
            var expected = signals.Run(session, TimeSteps)[0];

            var layout = model.Plan.Layout(Streams, TimeSteps);
            using var arena = new AlignedBlock(layout.TotalBytes + Margin);
            new Span<byte>(arena.Pointer, (int)arena.Length).Fill(0xFF);
            var context = new StepContext(model.Plan, layout, arena);
            var (x, y) = (model.Plan.Inputs[0].Buffer, model.Plan.Outputs[0].Buffer);
            var input = new Span<float>(context.Start(x), x.Stride * Streams * TimeSteps);
            for (var frame = 0; frame < Streams * TimeSteps; frame++)
            {
                signals.Floats(0).Slice(frame * x.Elements, x.Elements).CopyTo(input[(frame * x.Stride)..]);
            }

            var before = input.ToArray();
            model.Plan.Execute(context, TimeSteps);
            Bits.Equal($"{each}, {kernel}: the input", before, input);
            for (var frame = 0; frame < Streams * TimeSteps; frame++)
            {
                var output = new ReadOnlySpan<float>(context.Start(y) + ((nint)frame * y.Stride), y.Elements);
                Bits.Equal($"{each}, {kernel}: frame {frame}", expected.AsSpan(frame * y.Elements, y.Elements), output);
            }

            Assert.Equal(-1, new ReadOnlySpan<byte>(arena.Pointer + layout.TotalBytes, Margin).IndexOfAnyExcept((byte)0xFF));
        }
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void NoStepAllocates(string kernel, bool int8)
    {
        foreach (var each in Named)
        {
            using var model = TestModels.Bind(each.Graph(int8), kernel);
            using var session = model.CreateSession(2, 2);
            session.SetInput(0, new float[4 * session.Model.Inputs[0].Shape.ElementCount]);
            session.Run(2);
            Assert.Equal(0, Allocations.Of(() => session.Run(2)));
        }
    }

    [Fact]
    public void EveryWayOfRunningIsTried()
    {
        var ways = new HashSet<string>();
        foreach (var each in All)
        {
            using var model = RnnModel.FromGraph(each.Graph());
            var step = model.Plan.Steps.Single();
            ways.Add(string.Join(' ', step.Buffers.Skip(2).Select(buffer => $"{buffer.Name[(buffer.Name.LastIndexOf('.') + 1)..]} {buffer.Kind}").Prepend(step.GetType().Name)));
        }

        string[] expected =
        [
            "DepthwiseConvStep", "GatherConvStep columns Scratch", "GatherConvStep lanes Scratch columns Scratch", "ContiguousConvStep",
            "ContiguousConvStep lanes Scratch", "ContiguousConvStep padded Scratch", "ContiguousConvStep lanes Scratch padded Scratch",
            "ContiguousConvStep padded Frames",
        ];
        Assert.Empty(expected.Except(ways));
    }

    [Fact]
    public void TapsThatAlwaysLieInPaddingAreNotPacked()
    {
        Assert.Equal(64 * 128 * sizeof(float), Step(ConvCase.Line(1, 64, 128, kernel: 3, pad: 1)).WeightBytes);
        Assert.Equal(2 * 64 * 64 * sizeof(float), Step(ConvCase.Line(2, 64, 64, kernel: 3, stride: 2, pad: 1)).WeightBytes);
        Assert.Equal(3 * 64 * 64 * sizeof(float), Step(ConvCase.Line(3, 64, 64, kernel: 3, stride: 2, pad: 1)).WeightBytes);

        static PlanStep Step(ConvCase each)
        {
            using var model = RnnModel.FromGraph(each.Graph());
            return model.Plan.Steps.Single();
        }
    }

    [Fact]
    public void FarPaddingNeedsNoMemory()
    {
        const int Far = 1 << 24;
        var each = new ConvCase(1, [3], 64, 8, [1], [Far], [1], [Far], [Far], 1, 1);
        using var model = RnnModel.FromGraph(each.Graph());
        Assert.InRange(model.Plan.Layout(1, 1).TotalBytes, 1, 1 << 20);
        using var session = model.CreateSession(1, 1);
        var input = new float[3 * 64];
        Array.Fill(input, 0.5f);
        var output = new float[each.Outputs[0] * 8];
        session.Run(input, output);
        var (expected, allowed) = each.Reference(each.Graph(), input);
        Assert.All(expected.Index(), pair => Assert.InRange(output[pair.Index], pair.Item - allowed[pair.Index], pair.Item + allowed[pair.Index]));
    }
}
