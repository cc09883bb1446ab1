namespace RnnRuntime.Bench.Measuring;

/// <summary>A command line that cannot be understood; the message is all that the user needs.</summary>
internal sealed class UsageException(string message) : Exception(message);
