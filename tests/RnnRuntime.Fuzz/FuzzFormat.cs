namespace RnnRuntime.Fuzz;

/// <summary>The files of one format and how they are changed. A mutant depends on the seed and its index alone.</summary>
internal sealed class FuzzFormat
{
    private readonly Func<FuzzCase[], Random, FuzzCase> _mutate;

    private FuzzFormat(string name, FuzzCase[] cases, Func<FuzzCase[], Random, FuzzCase> mutate)
    {
        Name = name;
        Cases = cases;
        _mutate = mutate;
    }

    public static IReadOnlyList<string> Names { get; } = ["onnx", "pt", "pt-legacy", "safetensors", "h5", "rtneural", "nam", "topology", "rnn"];

    public string Name { get; }

    /// <summary>Valid files.</summary>
    public FuzzCase[] Cases { get; }

    /// <summary>The format with its files: those made in code, and small ones from the folder of third-party models where it is given.</summary>
    public static FuzzFormat Create(string name, string? models) => name switch
    {
        "onnx" => new(name, OnnxCases.All(models), OnnxMutator.Mutate),
        "pt" => new(name, WeightsCases.Zips(models), ContainerMutators.Zip),
        "pt-legacy" => new(name, WeightsCases.Legacy(models), ContainerMutators.Bytes),
        "safetensors" => new(name, WeightsCases.Safetensors(models), ContainerMutators.Header),
        "h5" => new(name, WeightsCases.Hdf5(), ContainerMutators.Bytes),
        "rtneural" => new(name, JsonCases.RtNeural(models), ContainerMutators.Json),
        "nam" => new(name, JsonCases.Nam(models), ContainerMutators.Json),
        "topology" => new(name, JsonCases.Topologies(), ContainerMutators.Topology),
        "rnn" => new(name, RnnCases.All(), ContainerMutators.Rnn),
        _ => throw new ArgumentException($"Unknown format '{name}'. Known: {string.Join(", ", Names)}."),
    };

    public FuzzCase Mutant(int seed, int index) => _mutate(Cases, new Random(unchecked((seed * 1_000_003) + index)));
}
