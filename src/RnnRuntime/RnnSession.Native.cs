using RnnRuntime.Plan;

namespace RnnRuntime;

/// <content>Steps that run in native code, and how a host runs them itself.</content>
public sealed unsafe partial class RnnSession
{
    /// <summary>
    /// Whether each call of <see cref="Run(ReadOnlySpan{float}, Span{float})"/> or <see cref="Run(int)"/> is one call into native code that returns when
    /// all its steps are done, as with the C kernels. Then a garbage collection that another thread causes does not stop the steps; the calling thread
    /// waits for one that is still under way when it returns.
    /// </summary>
    public bool RunsNatively => _program is not null;

    /// <summary>Why the steps are run by managed code, where a garbage collection stops them between and inside steps; null where they run natively.</summary>
    public string? ManagedReason { get; }

    /// <summary>
    /// For a native thread of the host that runs the steps itself, with the bits of <see cref="Run(ReadOnlySpan{float}, Span{float})"/>. It lasts until the
    /// session is disposed: the managed side keeps the session referenced and disposes it after the last native call. No thread may be inside the session
    /// meanwhile, in native or managed code, and nothing checks that, or lengths, or that indices lie in their tables; the thread's floating-point modes are
    /// the default ones. State is that of the session: managed calls before and after go on with it.
    /// </summary>
    /// <exception cref="InvalidOperationException">
    /// The session does not run natively (<see cref="ManagedReason"/>), the model has more inputs or outputs, its output is no float32, or another thread is inside this session.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The session is disposed.</exception>
    public RnnNativeHandle NativeHandle
    {
        get
        {
            Enter();
            try
            {
                var (program, run) = PlainProgram().Handle;
                return new RnnNativeHandle(program, run);
            }
            finally
            {
                Exit();
            }
        }
    }

    private NativeProgram PlainProgram()
    {
        if (_program is null)
        {
            throw new InvalidOperationException($"The session has no native handle, since its steps are run by managed code: {ManagedReason}.");
        }

        if (_plainInput is null)
        {
            ThrowNotPlain("A native handle", _plan.Inputs.Length, _plan.Outputs.Length);
        }

        CheckType("Output", _plainOutput!, TensorType.Float32);
        return _program;
    }
}
