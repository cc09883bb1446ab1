using RnnRuntime.Memory;
using RnnRuntime.Plan;

namespace RnnRuntime.Tests.Sessions;

/// <summary>The arena's map, for random graphs, several numbers of streams and chunk lengths.</summary>
public sealed unsafe class PlanTests
{
    private const int Graphs = 40;
    private const int LongGraphs = 6;

    private static readonly (int Streams, int ChunkLength)[] s_layouts = [(1, 1), (2, 1), (1, 7), (3, 16), (65, 2)];

    public static TheoryData<bool> Precisions => [false, true];

    [Theory]
    [MemberData(nameof(Precisions))]
    public void BuffersAreAlignedAndThoseAliveTogetherLieApart(bool int8) => ForLayouts(int8, (model, layout, what) =>
    {
        var buffers = Own(model.Plan).ToArray();
        foreach (var buffer in buffers)
        {
            var (start, end) = Range(buffer, layout);
            Assert.True(start % AlignedBlock.Alignment == 0, $"{what}: '{buffer.Name}' starts at {start}.");
            Assert.True(start >= 0 && end <= layout.TotalBytes, $"{what}: '{buffer.Name}' is {start} to {end} of {layout.TotalBytes}.");
            Assert.True(!buffer.IsPersistent || end <= layout.PersistentBytes, $"{what}: state '{buffer.Name}' ends at {end} of {layout.PersistentBytes}.");
            Assert.True(buffer.IsPersistent || start >= layout.PersistentBytes, $"{what}: '{buffer.Name}' lies in the state.");
        }

        for (var i = 0; i < buffers.Length; i++)
        {
            for (var j = 0; j < i; j++)
            {
                var (a, b) = (buffers[i], buffers[j]);
                if (a.IsPersistent || b.IsPersistent || (a.FirstStep <= b.LastStep && b.FirstStep <= a.LastStep))
                {
                    var ((aStart, aEnd), (bStart, bEnd)) = (Range(a, layout), Range(b, layout));
                    Assert.True(
                        a.IsPersistent != b.IsPersistent || aEnd <= bStart || bEnd <= aStart,
                        $"{what}: '{a.Name}' ({aStart} to {aEnd}) and '{b.Name}' ({bStart} to {bEnd}) overlap.");
                }
            }
        }
    });

    [Theory]
    [MemberData(nameof(Precisions))]
    public void LifetimesCoverTheStepsThatNameABuffer(bool int8) => ForLayouts(int8, (model, _, what) =>
    {
        Assert.All(Own(model.Plan), buffer => Assert.True(buffer.FirstStep <= buffer.LastStep, $"{what}: no step names '{buffer.Name}'."));
        for (var step = 0; step < model.Plan.Steps.Length; step++)
        {
            Assert.All(model.Plan.Steps[step].Buffers.Select(buffer => buffer.Root), buffer => Assert.True(
                buffer.FirstStep <= step && step <= buffer.LastStep, $"{what}: step {step} uses '{buffer.Name}', alive {buffer.FirstStep} to {buffer.LastStep}."));
        }
    });

    /// <summary>
    /// Before every step all memory that belongs to no living buffer is filled with NaNs, and after it must still hold them: the outputs
    /// show a read of what is dead, the NaNs a write to it.
    /// </summary>
    [Theory]
    [MemberData(nameof(Precisions))]
    public void StepsTouchLivingBuffersOnly(bool int8)
    {
        for (var seed = 1; seed <= Graphs; seed++)
        {
            CheckSteps($"graph seed {seed}, int8 {int8}", RandomGraph.Make(seed).Quantized(int8), seed);
        }

        for (var seed = 1; seed <= LongGraphs; seed++)
        {
            CheckSteps($"long graph seed {seed}, int8 {int8}", RandomGraph.MakeLong(seed).Quantized(int8), seed);
        }
    }

    [Fact]
    public void TheDescribedPlanIsTheLayout()
    {
        using var model = RnnModel.FromGraph(RandomGraph.Make(4));
        var described = model.DescribePlan(streams: 3, chunkLength: 5);
        using var session = model.CreateSession(3, 5);
        Assert.Equal((3, 5, model.Kernel), (described.Streams, described.ChunkLength, described.Kernel));
        Assert.Equal(session.ArenaBytes, described.ArenaBytes);
        Assert.Equal(session.ArenaBytes, model.SessionBytes(3, 5));
        Assert.Equal(model.WeightBytes, described.WeightBytes);
        Assert.Equal(described.ArenaBytes, described.Buffers.Max(buffer => buffer.Offset + buffer.Bytes));
        Assert.Equal(model.Plan.Steps.Length, described.Steps.Length);
    }

    [Fact]
    public void LongerLifetimesThanNeededAreNotKept()
    {
        // Twenty layers in a row need the memory of a few.
        var builder = new RnnGraphBuilder();
        var value = builder.Input("x", 64);
        for (var i = 0; i < 20; i++)
        {
            value = builder.Tanh(value);
        }

        builder.Output("y", value);
        using var model = RnnModel.FromGraph(builder.Build());
        Assert.InRange(model.SessionBytes(1, 1), 3 * 256, 4 * 256);
    }

    /// <summary>Buffers with memory of their own in the arena: no constants and no views.</summary>
    private static IEnumerable<BufferInfo> Own(ExecutionPlan plan) =>
        plan.Buffers.Where(buffer => buffer.Parent is null && buffer.Kind != BufferKind.Constant);

    private static (nint Start, nint End) Range(BufferInfo buffer, ArenaLayout layout)
    {
        var start = layout.Offsets[buffer.Index];
        return (start, start + buffer.Bytes(layout.Streams, layout.ChunkLength));
    }

    internal static void CheckSteps(string what, RnnGraph graph, int seed)
    {
        using var model = RnnModel.FromGraph(graph);
        var plan = model.Plan;
        var signals = Signals.Random(model, timeSteps: 4, streams: 3, seed);
        using var session = model.CreateSession(3, 4);
        var expected = signals.Run(session, 4);

        var layout = plan.Layout(3, 4);
        using var arena = new AlignedBlock(layout.TotalBytes);
        var context = new StepContext(plan, layout, arena);
        using var fresh = model.CreateSession(3, 4);
        Initialise(plan, context, arena, layout, fresh);
        Give(plan, context, signals);

        var rounds = plan.HasFeedback ? 4 : 1;
        for (var round = 0; round < rounds; round++)
        {
            (context.FirstTimeStep, context.TimeSteps) = (round, 4 / rounds);
            for (var step = 0; step < plan.Steps.Length; step++)
            {
                var living = LivingBytes(plan, layout, step);
                Fill(arena, living);
                plan.Steps[step].Execute(context);
                AssertFilled(arena, living, $"{what}, step {step} '{plan.Steps[step].Name}'");
            }
        }

        Bits.Equal(what, expected, [.. plan.Outputs.Select(port => Take(context, port, frames: 12))]);
    }

    private static void ForLayouts(bool int8, Action<RnnModel, ArenaLayout, string> check)
    {
        for (var seed = 1; seed <= Graphs; seed++)
        {
            using var model = RnnModel.FromGraph(RandomGraph.Make(seed).Quantized(int8));
            foreach (var (streams, chunkLength) in s_layouts)
            {
                check(model, model.Plan.Layout(streams, chunkLength), $"graph seed {seed}, int8 {int8}, {streams} streams, chunk length {chunkLength}");
            }
        }
    }

    /// <summary>Copies a new session's state variables into the arena; rings stand at their start.</summary>
    private static void Initialise(ExecutionPlan plan, StepContext context, AlignedBlock arena, ArenaLayout layout, RnnSession fresh)
    {
        arena.Clear();
        foreach (var slot in plan.States)
        {
            var elements = slot.Buffer.Elements;
            var values = new float[elements * layout.Streams];
            fresh.GetState(slot.Variable.Name, values);
            for (var stream = 0; stream < layout.Streams; stream++)
            {
                values.AsSpan(stream * elements, elements).CopyTo(new Span<float>(context.Start(slot.Buffer) + (stream * slot.Buffer.Stride), elements));
            }
        }
    }

    private static void Give(ExecutionPlan plan, StepContext context, Signals signals)
    {
        for (var input = 0; input < plan.Inputs.Length; input++)
        {
            var buffer = plan.Inputs[input].Buffer;
            for (var frame = 0; frame < signals.TimeSteps * signals.Streams; frame++)
            {
                var to = context.Start(buffer) + (frame * buffer.Stride);
                if (plan.Inputs[input].Value.Type == TensorType.Int32)
                {
                    signals.Indices(input).Slice(frame * buffer.Elements, buffer.Elements).CopyTo(new Span<int>(to, buffer.Elements));
                }
                else
                {
                    signals.Floats(input).Slice(frame * buffer.Elements, buffer.Elements).CopyTo(new Span<float>(to, buffer.Elements));
                }
            }
        }
    }

    private static float[] Take(StepContext context, Port port, int frames)
    {
        var (elements, stride) = (port.Buffer.Elements, port.Buffer.Stride);
        var result = new float[frames * elements];
        for (var frame = 0; frame < frames; frame++)
        {
            var from = context.Start(port.Buffer) + (frame * stride);
            for (var i = 0; i < elements; i++)
            {
                result[(frame * elements) + i] = port.Value.Type == TensorType.Int32 ? ((int*)from)[i] : from[i];
            }
        }

        return result;
    }

    private static bool[] LivingBytes(ExecutionPlan plan, ArenaLayout layout, int step)
    {
        var living = new bool[layout.TotalBytes];
        foreach (var buffer in Own(plan))
        {
            if (buffer.IsPersistent || (buffer.FirstStep <= step && step <= buffer.LastStep))
            {
                var (start, end) = Range(buffer, layout);
                living.AsSpan((int)start, (int)(end - start)).Fill(true);
            }
        }

        return living;
    }

    private static void Fill(AlignedBlock arena, bool[] living)
    {
        for (var i = 0; i < living.Length; i++)
        {
            if (!living[i])
            {
                arena.Pointer[i] = 0xFF;
            }
        }
    }

    private static void AssertFilled(AlignedBlock arena, bool[] living, string what)
    {
        for (var i = 0; i < living.Length; i++)
        {
            if (!living[i] && arena.Pointer[i] != 0xFF)
            {
                Assert.Fail($"{what} wrote to byte {i}, which no living buffer holds.");
            }
        }
    }
}
