using RnnRuntime.Interop;

namespace RnnRuntime.Exports;

/// <summary>rnn_status of <c>native/include/rnn_runtime.h</c>: those that the managed side gives.</summary>
internal enum Status
{
    Ok = 0,
    InvalidArgument = 1,
    InvalidModel = 8,
    UnknownKernel = 9,
    OutOfMemory = 10,
    InternalError = 14,
}

/// <summary>A kernel that is unknown or cannot run here.</summary>
internal sealed class KernelException(ArgumentException cause) : Exception(cause.Message, cause);

/// <summary>An exception as a status and a text.</summary>
internal static unsafe class Failure
{
    public static int Report(Exception exception, byte* text, int textBytes)
    {
        try
        {
            var status = StatusOf(exception);
            NativeText.Write(status == Status.InternalError ? $"{exception.GetType().Name}: {exception.Message}" : TextOf(exception), text, textBytes);
            return (int)status;
        }
        catch (Exception)
        {
            // No memory for the text; C writes the status's name.
            return (int)Status.OutOfMemory;
        }
    }

    /// <summary>Without the name of a parameter in C#, which a caller in C does not know.</summary>
    private static string TextOf(Exception exception)
    {
        var argument = (exception.InnerException ?? exception) as ArgumentException;
        var end = argument is null ? -1 : exception.Message.IndexOf($" (Parameter '{argument.ParamName}')", StringComparison.Ordinal);
        return end < 0 ? exception.Message : exception.Message[..end];
    }

    public static Status StatusOf(Exception exception) => exception switch
    {
        TypeInitializationException { InnerException: { } cause } => StatusOf(cause),
        RnnFormatException => Status.InvalidModel,
        KernelException => Status.UnknownKernel,
        ArgumentOutOfRangeException => Status.InvalidArgument,
        OutOfMemoryException or InsufficientExecutionStackException or OverflowException => Status.OutOfMemory,
        _ => Status.InternalError,
    };
}
