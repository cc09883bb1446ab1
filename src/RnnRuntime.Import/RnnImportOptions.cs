using System.Collections.Immutable;

namespace RnnRuntime.Import;

/// <summary>
/// What the user knows of a model and its file does not say. All but <see cref="Topology"/>, <see cref="Vocabulary"/> and <see cref="Limits"/> is
/// for ONNX; a file that has no use for something given is refused. Immutable.
/// </summary>
public sealed record RnnImportOptions
{
    /// <summary>
    /// Extents of symbolic dimensions by name, and values of integer or boolean inputs by the input's name, which then become constants
    /// (the sample rate that chooses a branch). A name that the model does not have is an error.
    /// </summary>
    public ImmutableDictionary<string, long> Fix { get; init; } = ImmutableDictionary<string, long>.Empty;

    /// <summary>
    /// Values of whole inputs by name, row-major, which then become constants of the model (a shape, a mask, weights). Their number has to be
    /// that of the input's elements.
    /// </summary>
    public ImmutableDictionary<string, ImmutableArray<double>> Constants { get; init; } = ImmutableDictionary<string, ImmutableArray<double>>.Empty;

    /// <summary>Shapes of inputs by name, from data at hand; they bind symbolic dimensions as <see cref="Fix"/> does.</summary>
    public ImmutableDictionary<string, ImmutableArray<int>> InputShapes { get; init; } = ImmutableDictionary<string, ImmutableArray<int>>.Empty;

    /// <summary>Outputs that replace an input after each step: key the output, value the input. Pairs that names and shapes tell need not be given.</summary>
    public ImmutableDictionary<string, string> States { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>Whether pairs of state input and output are also found by their names and shapes.</summary>
    public bool FindStates { get; init; } = true;

    /// <summary>The topology as JSON text, for files that hold weights only.</summary>
    public string? Topology { get; init; }

    /// <summary>
    /// The characters of a language model's tokens as JSON text: a text or a list of characters, in the order of the ids. It becomes the
    /// metadata's <c>vocabulary</c>.
    /// </summary>
    public string? Vocabulary { get; init; }

    /// <summary>What the file may ask for.</summary>
    public RnnImportLimits Limits { get; init; } = new();
}
