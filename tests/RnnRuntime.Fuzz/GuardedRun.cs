using System.Runtime.InteropServices;
using RnnRuntime.Memory;
using RnnRuntime.Plan;

namespace RnnRuntime.Fuzz;

/// <summary>
/// One step of a model in a session whose buffers each end at a page without access rights, against the same step in a usual session: a
/// buffer that is left ends the process, one that is read before it is written, or lives shorter than it is used, changes a bit.
/// </summary>
internal static unsafe class GuardedRun
{
    public static void Step(RnnModel model, GuardedPool pool, Random random)
    {
        var seed = random.Next();
        var owners = new List<IDisposable>();
        try
        {
            using var arena = new AlignedBlock(AlignedBlock.Alignment);
            var guarded = Outputs(new RnnSession(model, model.Plan, Spread(model.Plan, arena, pool, owners), arena), new Random(seed));
            using var session = model.CreateSession(chunkLength: 1);
            var usual = Outputs(session, new Random(seed));
            for (var i = 0; i < usual.Count; i++)
            {
                if (!usual[i].AsSpan().SequenceEqual(guarded[i]))
                {
                    throw new FuzzFailureException($"output '{model.Outputs[i].Name}' has other bits where every buffer lies alone");
                }
            }
        }
        finally
        {
            owners.ForEach(owner => owner.Dispose());
        }
    }

    /// <summary>A layout whose offsets lead from the arena's start to memory of each buffer's own.</summary>
    private static ArenaLayout Spread(ExecutionPlan plan, AlignedBlock arena, GuardedPool pool, List<IDisposable> owners)
    {
        var offsets = new nint[plan.Buffers.Length];
        foreach (var buffer in plan.Buffers.Where(buffer => buffer.Parent is null && buffer.Kind != BufferKind.Constant))
        {
            var bytes = buffer.Bytes(streams: 1, chunkLength: 1);
            var (address, owner) = pool.Allocate(bytes);
            owners.Add(owner);
            offsets[buffer.Index] = address - (nint)arena.Pointer;
            if (buffer.IsPersistent)
            {
                NativeMemory.Clear((void*)address, (nuint)bytes);
            }
        }

        return new ArenaLayout(1, 1, 0, arena.Length, [.. offsets]);
    }

    private static List<int[]> Outputs(RnnSession session, Random random)
    {
        var ports = session.Model.Plan.Inputs;
        for (var i = 0; i < ports.Length; i++)
        {
            var count = ports[i].Value.Shape.ElementCount;
            if (ports[i].Value.Type == TensorType.Int32)
            {
                var limit = ports[i].IndexLimit;
                session.SetInput(i, (int[])[.. Enumerable.Range(0, count).Select(_ => limit > 0 ? random.Next(limit) : (int)ByteMutator.Integer(random))]);
            }
            else
            {
                session.SetInput(i, (float[])[.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() * 4) - 2)]);
            }
        }

        session.Run();
        var outputs = new List<int[]>();
        for (var i = 0; i < session.Model.Outputs.Length; i++)
        {
            var (type, shape) = (session.Model.Outputs[i].Type, session.Model.Outputs[i].Shape);
            var bits = new int[shape.ElementCount];
            if (type == TensorType.Int32)
            {
                session.GetOutput(i, bits);
            }
            else
            {
                session.GetOutput(i, MemoryMarshal.Cast<int, float>(bits.AsSpan()));
            }

            outputs.Add(bits);
        }

        return outputs;
    }
}
