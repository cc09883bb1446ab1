namespace RnnRuntime.Cli;

/// <summary>An error of the user's input: one line on standard error and exit code 1.</summary>
internal sealed class CliException(string message, Exception? innerException = null) : Exception(message, innerException);
