namespace RnnRuntime.Import;

/// <summary>
/// What an untrusted model file may ask for. An error that comes from a limit names it; raise it for a file that you trust. Immutable.
/// </summary>
public sealed record RnnImportLimits
{
    /// <summary>
    /// Bytes of the model file, and of each file of external data. A model file is read into one array: more than
    /// <see cref="Array.MaxLength"/> bytes are refused whatever this says. External data may be larger.
    /// </summary>
    public long MaximumFileBytes { get; init; } = Array.MaxLength;

    /// <summary>Bytes of all tensors together, as they are in memory after reading and folding.</summary>
    public long MaximumTensorBytes { get; init; } = 4L << 30;

    /// <summary>Elements of one tensor, constant or computed.</summary>
    public long MaximumElements { get; init; } = 1L << 29;

    /// <summary>Nodes of the graph with all its subgraphs, and layers of a layer list.</summary>
    public int MaximumNodes { get; init; } = 100_000;

    /// <summary>How deep subgraphs, groups, lists and messages may nest.</summary>
    public int MaximumNesting { get; init; } = 64;

    /// <summary>Tensors of one file.</summary>
    public int MaximumTensors { get; init; } = 100_000;
}
