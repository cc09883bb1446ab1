using System.CommandLine;
using System.Runtime.InteropServices;
using RnnRuntime.Cli.Commands;
using RnnRuntime.Import;

namespace RnnRuntime.Cli;

internal static class Program
{
    private const int InputError = 1;
    private const int UsageError = 2;

    public static int Main(string[] arguments)
    {
        var root = new RootCommand("Runs recurrent networks: converts models of other tools, streams text, feeds NumPy arrays through a model, shows what is inside it.")
        {
            ConvertCommand.Create(),
            GenerateCommand.Create(),
            RunCommand.Create(),
            InspectCommand.Create(),
            KernelsCommand.Create(),
            EvaluateCommand.Create(),
            QuantizeCommand.Create(),
            CompareCommand.Create(),
            BenchCommand.Create(),
        };

        // A prompt may start with '@': response files are off.
        var result = root.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (result.Errors.Count > 0)
        {
            var command = result.CommandResult.Command;
            WriteError(result.UnmatchedTokens is [var unknown, ..] ? $"unknown command or argument '{unknown}'" : result.Errors[0].Message);
            Console.Error.WriteLine($"See: rnn {(command is RootCommand ? "" : command.Name + " ")}--help");
            return UsageError;
        }

        try
        {
            return result.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        }
        catch (Exception exception)
        {
            WriteError(Describe(exception));
            return InputError;
        }
    }

    private static string Describe(Exception exception) => exception switch
    {
        TypeInitializationException { InnerException: { } inner } => Describe(inner),
        ArgumentException argument => Text.Of(argument),
        CliException or RnnFormatException or RnnImportException or IOException or UnauthorizedAccessException => exception.Message,
        DllNotFoundException => $"this installation of rnn has no plots for {RuntimeInformation.RuntimeIdentifier}; tables and .json reports need none: {exception.Message}",
        OutOfMemoryException => "the model or the arrays do not fit into memory",
        _ => $"internal error: {exception.GetType().Name}: {exception.Message}",
    };

    private static void WriteError(string message) =>
        Console.Error.WriteLine($"rnn: error: {message.ReplaceLineEndings(" ")}");
}
