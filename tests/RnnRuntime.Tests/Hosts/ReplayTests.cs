using System.Runtime.InteropServices;
using RnnRuntime.Kernels;
using RnnRuntime.Plan;
using RnnRuntime.Tests.Kernels;
using RnnRuntime.Tests.Sessions;

namespace RnnRuntime.Tests.Hosts;

/// <summary>
/// Every kind of plan step and of state, in sessions that C makes from images and runs without managed code, and in those that managed kernels run for it: the bits of
/// C# sessions, saved states among them.
/// </summary>
public sealed class ReplayTests
{
    private const int Graphs = 24;
    private const int TimeSteps = 7;

    public static TheoryData<string> NativeKernels => [.. KernelRegistry.All.OfType<NativeVariant>().Select(variant => variant.Name)];

    /// <summary>And two whose steps managed code runs for C.</summary>
    public static TheoryData<string> Kernels => [.. KernelRegistry.All.OfType<NativeVariant>().Select(variant => variant.Name), "avx2", "scalar"];

    [Theory]
    [MemberData(nameof(Kernels))]
    public void CRunsWhatTheLibraryRuns(string kernel) => Replay(HostProgram.Require("c-replay"), kernel);

    /// <summary>Runs all networks with a kernel here, and again by the program.</summary>
    internal static void Replay(string program, string kernel, Dictionary<string, string>? environment = null)
    {
        TestModels.Require(kernel);
        using var directory = new TemporaryDirectory();
        var (cases, steps) = (new List<string>(), new HashSet<Type>());
        foreach (var (graph, index) in GraphsOfEveryKind().Select((graph, index) => (graph, index)))
        {
            var (name, streams) = ($"graph{index}", 1 + (index % 3));
            using var model = TestModels.Bind(graph, kernel);
            steps.UnionWith(model.Plan.Steps.Select(step => step.GetType()));
            model.Save(directory[$"{name}.rnn"]);
            WriteRun(directory, name, model, streams, seed: index + 1);
            cases.Add($"{name} {kernel} {streams} {TimeSteps}");
        }

        File.WriteAllLines(directory["cases.txt"], cases);
        var kinds = typeof(PlanStep).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(PlanStep)) && !type.IsAbstract);
        Assert.Empty(kinds.Except(steps).Select(type => type.Name));
        Assert.Contains($"{cases.Count} runs", HostProgram.Run(program, [directory[""]], environment), StringComparison.Ordinal);
    }

    private static IEnumerable<RnnGraph> GraphsOfEveryKind()
    {
        for (var seed = 1; seed <= Graphs; seed++)
        {
            yield return RandomGraph.Make(seed).Quantized(seed % 2 == 0);
        }

        for (var seed = 1; seed <= 2; seed++)
        {
            yield return RandomGraph.MakeLong(seed).Quantized(seed == 2);
        }

        foreach (var graph in new[] { SampleGraphs.Layers(), SampleGraphs.Operators() })
        {
            yield return graph;
            yield return SampleGraphs.ToInt8(graph);
            yield return SampleGraphs.ToHalf(graph, RnnPrecision.Float16);
            yield return SampleGraphs.ToHalf(graph, RnnPrecision.BFloat16);
        }
    }

    private static void WriteRun(TemporaryDirectory directory, string name, RnnModel model, int streams, int seed)
    {
        var signals = Signals.Random(model, TimeSteps, streams, seed);
        using var session = model.CreateSession(streams, TimeSteps);
        for (var i = 0; i < model.Inputs.Length; i++)
        {
            if (model.Inputs[i].Type == TensorType.Int32)
            {
                session.SetInput(i, signals.Indices(i));
                Write($"in{i}", signals.Indices(i));
            }
            else
            {
                session.SetInput(i, signals.Floats(i));
                Write<float>($"in{i}", signals.Floats(i));
            }
        }

        session.Run(TimeSteps);
        for (var i = 0; i < model.Outputs.Length; i++)
        {
            var length = TimeSteps * streams * model.Outputs[i].Shape.ElementCount;
            if (model.Outputs[i].Type == TensorType.Int32)
            {
                var values = new int[length];
                session.GetOutput(i, values);
                Write<int>($"out{i}", values);
            }
            else
            {
                var values = new float[length];
                session.GetOutput(i, values);
                Write<float>($"out{i}", values);
            }
        }

        var state = new byte[session.StateBytes];
        session.SaveState(state);
        Write<byte>("state", state);

        void Write<T>(string extension, ReadOnlySpan<T> values)
            where T : unmanaged =>
            File.WriteAllBytes(directory[$"{name}.{extension}"], MemoryMarshal.AsBytes(values).ToArray());
    }
}
