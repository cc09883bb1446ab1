namespace RnnRuntime;

/// <summary>
/// A model that breaks a rule of its format, or a graph that breaks a rule of its operators. The message holds all four properties.
/// </summary>
public sealed class RnnFormatException : Exception
{
    /// <summary>Makes the exception.</summary>
    /// <param name="section">The part of the model, such as <c>header</c>, <c>tensor lstm1.bias</c> or <c>graph.nodes[3]</c>.</param>
    /// <param name="field">The field of that part, such as <c>shape</c>.</param>
    /// <param name="found">What the model holds.</param>
    /// <param name="expected">What the format allows there.</param>
    /// <param name="innerException">The error below this one, if any.</param>
    public RnnFormatException(string section, string field, string found, string expected, Exception? innerException = null)
        : base($"{section}, {field}: found {found}, expected {expected}.", innerException)
    {
        Section = section;
        Field = field;
        Found = found;
        Expected = expected;
    }

    /// <summary>The part of the model, such as <c>header</c>, <c>tensor lstm1.bias</c> or <c>graph.nodes[3]</c>.</summary>
    public string Section { get; }

    /// <summary>The field of that part, such as <c>shape</c>.</summary>
    public string Field { get; }

    /// <summary>What the model holds.</summary>
    public string Found { get; }

    /// <summary>What the format allows there.</summary>
    public string Expected { get; }
}
