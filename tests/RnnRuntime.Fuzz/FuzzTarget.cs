using RnnRuntime.Formats;
using RnnRuntime.Graph;
using RnnRuntime.Import;
using RnnRuntime.Import.Onnx;
using RnnRuntime.Import.Translation;
using RnnRuntime.Memory;

namespace RnnRuntime.Fuzz;

internal enum FuzzOutcome
{
    /// <summary>The file is refused with one of the two exceptions.</summary>
    Refused,

    /// <summary>A valid graph, too large to be run here, or refused by the plan for its size.</summary>
    Imported,

    /// <summary>A valid graph that ran a step between guard pages.</summary>
    Run,
}

/// <summary>Reads one mutant and holds what comes out of it against what is promised. Not thread-safe.</summary>
internal sealed class FuzzTarget : IDisposable
{
    private readonly GuardedPool _pool = new();

    /// <summary>The most that a mutant has allocated so far.</summary>
    public long MostAllocated { get; private set; }

    /// <summary>Why the last file was refused.</summary>
    public string Refusal { get; private set; } = "";

    /// <exception cref="FuzzFailureException">The mutant broke a promise; the message says which.</exception>
    public FuzzOutcome Run(FuzzCase mutant, Random random)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        AlignedBlock.Source = _pool.Allocate;
        try
        {
            var outcome = ImportAndRun(mutant, random);
            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            MostAllocated = Math.Max(MostAllocated, allocated);
            return allocated <= FuzzLimits.MostAllocated
                ? outcome
                : throw new FuzzFailureException($"{allocated} bytes allocated, at most {FuzzLimits.MostAllocated} expected");
        }
        finally
        {
            AlignedBlock.Source = null;
        }
    }

    public void Dispose() => _pool.Dispose();

    private FuzzOutcome ImportAndRun(FuzzCase mutant, Random random)
    {
        RnnGraph graph;
        try
        {
            graph = RnnImporter.Import(mutant.File, mutant.Options);
        }
        catch (Exception exception) when (exception is RnnImportException or RnnFormatException)
        {
            Refusal = exception.Message;
            ListRefusals(mutant);
            return FuzzOutcome.Refused;
        }
        catch (Exception exception)
        {
            throw new FuzzFailureException($"import: {exception.GetType().Name}: {exception.Message}", exception);
        }

        return Stage("the imported graph", () =>
        {
            GraphValidator.Validate(graph);
            CheckSaved(graph);
            return RunStep(graph, random);
        });
    }

    /// <summary>Of a refused ONNX file everything that would be refused can be listed.</summary>
    private static void ListRefusals(FuzzCase mutant)
    {
        try
        {
            if (SourceFile.Of(mutant.File, null).Kind == SourceKind.Onnx)
            {
                OnnxImporter.Refusals(OnnxReader.Read(mutant.File, null, mutant.Options.Limits), mutant.Options);
            }
        }
        catch (RnnImportException)
        {
        }
        catch (Exception exception)
        {
            throw new FuzzFailureException($"list of refusals: {exception.GetType().Name}: {exception.Message}", exception);
        }
    }

    /// <summary>What can be imported can be saved and read.</summary>
    private static void CheckSaved(RnnGraph graph)
    {
        using var stream = new MemoryStream();
        RnnFileWriter.Write(stream, graph, null);
        RnnFileReader.Read(stream.ToArray());
    }

    private FuzzOutcome RunStep(RnnGraph graph, Random random)
    {
        RnnModel model;
        try
        {
            model = RnnModel.FromGraph(graph);
        }
        catch (RnnFormatException exception) when (exception.Section == "plan")
        {
            return FuzzOutcome.Imported;
        }

        using (model)
        {
            if (model.Plan.Buffers.Sum(buffer => (long)buffer.Bytes(1, 1)) > FuzzLimits.MostRunBytes || model.Plan.Steps.Sum(step => step.MultiplyAdds) > FuzzLimits.MostMultiplyAdds)
            {
                return FuzzOutcome.Imported;
            }

            GuardedRun.Step(model, _pool, random);
            return FuzzOutcome.Run;
        }
    }

    private static FuzzOutcome Stage(string name, Func<FuzzOutcome> run)
    {
        try
        {
            return run();
        }
        catch (Exception exception) when (exception is not FuzzFailureException)
        {
            throw new FuzzFailureException($"{name}: {exception.GetType().Name}: {exception.Message}", exception);
        }
    }
}
