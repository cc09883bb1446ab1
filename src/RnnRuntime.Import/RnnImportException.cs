namespace RnnRuntime.Import;

/// <summary>
/// A model file that cannot be read, or that holds something this importer does not honour exactly. Nothing is approximated and nothing is
/// ignored; the message names the place, what was found, and what to do.
/// </summary>
public sealed class RnnImportException : Exception
{
    /// <summary>Makes the exception.</summary>
    /// <param name="location">The part of the file, such as <c>node 'LSTM_3' (LSTM), attribute activations</c>.</param>
    /// <param name="found">What the file holds there.</param>
    /// <param name="expected">What can be imported, or what to do.</param>
    /// <param name="innerException">The error below this one, if any.</param>
    public RnnImportException(string location, string found, string expected, Exception? innerException = null)
        : base($"{location}: found {found}, expected {expected}.", innerException)
    {
        Location = location;
        Found = found;
        Expected = expected;
    }

    /// <summary>The part of the file.</summary>
    public string Location { get; }

    /// <summary>What the file holds there.</summary>
    public string Found { get; }

    /// <summary>What can be imported, or what to do.</summary>
    public string Expected { get; }
}
