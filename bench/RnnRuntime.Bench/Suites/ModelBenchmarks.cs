using BenchmarkDotNet.Attributes;
using RnnRuntime.Bench.Models;

namespace RnnRuntime.Bench.Suites;

/// <summary>Whole models, a call a step: ONNX Runtime and this runtime on the same file, which have to agree before they are timed.</summary>
[MemoryDiagnoser]
public class ModelBenchmarks
{
    private OnnxModelPeer? _peer;
    private RnnModelPeer? _own;

    /// <summary>Models whose files are here.</summary>
    public static IEnumerable<string> Models => ModelLibrary.Selected().Where(entry => entry.IsPresent).Select(entry => entry.Name);

    /// <summary>The model's name.</summary>
    [ParamsSource(nameof(Models))]
    public string Model { get; set; } = "";

    /// <summary>Reads the model into both and compares their outputs.</summary>
    [GlobalSetup]
    public void Setup()
    {
        ModelProblem problem = ModelLibrary.ByName(Model)!.Read();
        _peer = new OnnxModelPeer(problem);
        _own = new RnnModelPeer(problem);
        ModelCheck.MaxDifference(problem, _peer, _own);
    }

    /// <summary>Releases both.</summary>
    [GlobalCleanup]
    public void Cleanup()
    {
        _peer?.Dispose();
        _own?.Dispose();
    }

    /// <summary>One call of ONNX Runtime.</summary>
    [Benchmark(Baseline = true)]
    public void OnnxRuntime() => _peer!.Step();

    /// <summary>One call of this runtime.</summary>
    [Benchmark]
    public void RnnRuntime() => _own!.Step();
}
